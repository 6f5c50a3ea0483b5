-- The public schema of the target system at Alembic head 20260605_topic_policy:
-- all 41 tables, the view, the enum and the indexes that probes look for. Columns
-- of the archive_* tables, whose shape nothing here reads, are made up.
create type job_state as enum ('pending', 'downloading', 'transcoding',
  'transcribing', 'diarizing', 'persisting', 'completed', 'failed', 'expanded');

create table alembic_version (version_num varchar(32) primary key);

create table users (
  id uuid primary key default gen_random_uuid(),
  email text, name text, avatar_url text,
  oauth_provider text not null, oauth_subject text not null,
  plan text not null default 'free', role text not null default 'user',
  stripe_customer_id text, stripe_subscription_status text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now());
create unique index users_oauth_provider_oauth_subject_key
  on users (oauth_provider, oauth_subject);
create index users_email_idx on users (email);
create index users_role_idx on users (role);

create table sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users on delete cascade,
  token text not null, user_agent text, ip_address text,
  expires_at timestamptz not null,
  created_at timestamptz not null default now());
create unique index sessions_token_idx on sessions (token);
create index sessions_user_id_idx on sessions (user_id);

create table api_keys (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users on delete cascade,
  name text not null, key_hash text not null, key_prefix text not null,
  scopes text, expires_at timestamptz, last_used_at timestamptz,
  revoked_at timestamptz, created_at timestamptz not null default now());
create unique index api_keys_key_hash_idx on api_keys (key_hash);
create index api_keys_user_id_idx on api_keys (user_id);

create table audit_logs (
  id bigserial primary key,
  created_at timestamptz not null default now(),
  user_id uuid references users on delete set null,
  action text not null, resource_type text, resource_id text,
  ip_address text, user_agent text,
  success boolean not null default true,
  details jsonb not null default '{}');
create index audit_logs_created_at_idx on audit_logs (created_at);
create index audit_logs_action_idx on audit_logs (action);
create index audit_logs_user_id_idx on audit_logs (user_id);

create table events (
  id bigserial primary key,
  user_id uuid references users on delete set null,
  session_token text, type text not null,
  payload jsonb not null default '{}',
  created_at timestamptz not null default now());
create index events_created_idx on events (created_at);
create index events_type_idx on events (type);
create index events_user_created_idx on events (user_id, created_at);

create table jobs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references users on delete set null,
  kind text not null, input_url text not null,
  state job_state not null default 'pending', error text,
  priority int not null default 100, meta jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now());
create index jobs_queue_ordering_idx on jobs (state, priority, created_at);
create index jobs_pending_idx on jobs (created_at) where state = 'pending';

create table videos (
  id uuid primary key default gen_random_uuid(),
  job_id uuid not null references jobs on delete cascade,
  youtube_id text not null, idx int, title text, duration_seconds int,
  raw_path text, wav_path text,
  state job_state not null default 'pending', error text,
  diarization_state text not null default 'pending',
  caption_ingest_state text not null default 'pending',
  channel_name text, language text, category text, uploaded_at timestamptz,
  people jsonb not null default '[]', tags jsonb not null default '[]',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now());
create unique index videos_job_id_youtube_id_key on videos (job_id, youtube_id);
create index videos_state_idx on videos (state);
create index videos_job_id_idx on videos (job_id);
create index videos_uploaded_at_idx on videos (uploaded_at);
create index videos_channel_name_idx on videos (channel_name);
create index videos_language_idx on videos (language);
create index videos_duration_idx on videos (duration_seconds);
create index videos_caption_ingest_state_idx on videos (caption_ingest_state);
create index videos_diarization_state_idx on videos (diarization_state);

create table transcripts (
  id uuid primary key default gen_random_uuid(),
  video_id uuid not null references videos on delete cascade,
  full_text text, language text, model text,
  created_at timestamptz not null default now());
create index transcripts_video_id_idx on transcripts (video_id);

create table segments (
  id bigserial primary key,
  video_id uuid not null references videos on delete cascade,
  transcript_id uuid references transcripts on delete cascade,
  start_ms int not null, end_ms int not null, text text not null,
  speaker text, speaker_label text, confidence double precision,
  likely_hallucination boolean not null default false,
  text_tsv tsvector generated always as (to_tsvector('english', text)) stored);
create index segments_text_tsv_idx on segments using gin (text_tsv);
create index segments_video_time_idx on segments (video_id, start_ms);

create table transcript_blocks (
  id bigserial primary key,
  video_id uuid not null references videos on delete cascade,
  start_ms int, end_ms int, text text);
create index transcript_blocks_video_idx on transcript_blocks (video_id);

create table youtube_transcripts (
  id uuid primary key default gen_random_uuid(),
  video_id uuid not null references videos on delete cascade,
  language text, kind text, full_text text,
  fetched_at timestamptz not null default now());
create unique index youtube_transcripts_video_unique
  on youtube_transcripts (video_id);

create table youtube_segments (
  id bigserial primary key,
  youtube_transcript_id uuid not null
    references youtube_transcripts on delete cascade,
  start_ms int not null, end_ms int not null, text text not null,
  text_tsv tsvector generated always as (to_tsvector('english', text)) stored);
create index youtube_segments_text_tsv_idx on youtube_segments using gin (text_tsv);
create index youtube_segments_time_idx
  on youtube_segments (youtube_transcript_id, start_ms);

create table translations (
  id uuid primary key default gen_random_uuid(),
  video_id uuid not null references videos on delete cascade,
  language text not null, text text,
  created_at timestamptz not null default now());

create table favorites (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users on delete cascade,
  video_id uuid not null references videos on delete cascade,
  start_ms int, end_ms int, text text,
  created_at timestamptz not null default now());
create index favorites_user_idx on favorites (user_id);

create table saved_searches (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users on delete cascade,
  query text not null, filters jsonb not null default '{}',
  created_at timestamptz not null default now());
create unique index saved_searches_user_query_key on saved_searches (user_id, query);

create table user_searches (
  id bigserial primary key,
  user_id uuid references users on delete cascade,
  query text not null, filters jsonb not null default '{}', result_count int,
  created_at timestamptz not null default now());
create index user_searches_created_at_idx on user_searches (created_at);

create table search_suggestions (
  term text primary key, frequency int not null default 1,
  last_used timestamptz not null default now());

create table user_vocabularies (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references users on delete cascade,
  name text not null, terms jsonb not null default '[]',
  is_global boolean not null default false,
  created_at timestamptz not null default now());

create table worker_heartbeat (
  id serial primary key, worker_id text not null, hostname text, pid int,
  last_seen timestamptz not null default now(),
  metrics jsonb not null default '{}');
create unique index worker_heartbeat_worker_id_key on worker_heartbeat (worker_id);
create index worker_heartbeat_last_seen_idx on worker_heartbeat (last_seen);

do $$
declare name text;
begin
  foreach name in array string_to_array(
    'ai_answers ai_runs chapters entities entity_mentions facts label_assignments '
    'labels named_periods people people_roles period_members quotes '
    'recurring_periods run_scopes stats summaries timeline_events topic_mentions '
    'topic_policies topics', ' ')
  loop
    execute format(
      'create table archive_%s (id uuid primary key default gen_random_uuid(), '
      'video_id uuid references videos on delete cascade, name text, '
      'details jsonb not null default ''{}'', '
      'created_at timestamptz not null default now())', name);
  end loop;
end $$;

create view cleaned_segments_view as
  select id, video_id, start_ms, end_ms, btrim(text) as text, speaker_label
  from segments where not likely_hallucination;

grant usage on schema public to transcript;
grant select, insert, update, delete on all tables in schema public to transcript;
grant usage on all sequences in schema public to transcript;
revoke insert, update, delete on alembic_version from transcript;

-- As in docs/security.md: what gonogo looks at, and nothing that lets one in.
grant usage on schema public to gonogo;
grant select on alembic_version, worker_heartbeat to gonogo;
grant select (id, email, oauth_provider) on users to gonogo;
grant select (user_id, created_at, expires_at) on sessions to gonogo;
grant select (expires_at, revoked_at) on api_keys to gonogo;
grant select (id, state, error, created_at) on jobs to gonogo;
grant select (id, job_id, youtube_id, state, diarization_state, error, created_at,
  updated_at) on videos to gonogo;
grant select (video_id, speaker_label) on segments to gonogo;
grant select (id, video_id) on transcripts, youtube_transcripts to gonogo;
grant select (youtube_transcript_id) on youtube_segments to gonogo;
grant select (id) on user_vocabularies to gonogo;
grant select (user_id, created_at) on audit_logs to gonogo;
grant select (created_at) on events, user_searches to gonogo;
