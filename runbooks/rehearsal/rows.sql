-- Made-up rows: two people who logged in lately, and three finished videos, the
-- first of which the smoke job made.
\getenv api_key_hash REHEARSAL_API_KEY_HASH
\getenv api_key_prefix REHEARSAL_API_KEY_PREFIX
\getenv session_token REHEARSAL_SESSION_TOKEN

insert into alembic_version values ('20260605_topic_policy');

insert into users (id, email, name, oauth_provider, oauth_subject, plan, role,
    created_at) values
  ('00000000-0000-4000-8000-000000000001', 'ada@rehearsal.example', 'Ada',
   'twitch', '1001', 'pro', 'admin', now() - interval '30 days'),
  ('00000000-0000-4000-8000-000000000002', 'grace@rehearsal.example', 'Grace',
   'google', '1002', 'free', 'user', now() - interval '12 days');

insert into sessions (user_id, token, expires_at, created_at) values
  ('00000000-0000-4000-8000-000000000001', :'session_token',
   now() + interval '23 hours', now() - interval '1 hour'),
  ('00000000-0000-4000-8000-000000000002', gen_random_uuid()::text,
   now() + interval '20 hours', now() - interval '4 hours');

insert into audit_logs (user_id, action, resource_type, created_at, details)
  select user_id, 'login_success', 'session', created_at, '{"provider": "twitch"}'
  from sessions;

insert into api_keys (user_id, name, key_hash, key_prefix, scopes, expires_at)
  values ('00000000-0000-4000-8000-000000000001', 'smoke test', :'api_key_hash',
    :'api_key_prefix', 'jobs:write', now() + interval '90 days');

insert into jobs (id, user_id, kind, input_url, state, created_at, updated_at)
  select ('00000000-0000-4000-8000-0000000001' || lpad(n::text, 2, '0'))::uuid,
    '00000000-0000-4000-8000-000000000001', 'single',
    'https://www.youtube.com/watch?v=rehearsal0' || n, 'completed',
    now() - n * interval '2 hours', now() - n * interval '2 hours' + interval '4 min'
  from generate_series(1, 3) n;

insert into videos (id, job_id, youtube_id, idx, title, duration_seconds, state,
    diarization_state, caption_ingest_state, channel_name, language, category,
    uploaded_at, created_at, updated_at)
  select ('00000000-0000-4000-8000-0000000002' || lpad(n::text, 2, '0'))::uuid,
    j.id, 'rehearsal0' || n, 1,
    (array['Launch rehearsal', 'Flight rules', 'Mission debriefing'])[n],
    n * 60, 'completed', 'disabled', 'completed', 'Rehearsal', 'en', 'Education',
    now() - n * interval '3 days', j.created_at, j.updated_at
  from generate_series(1, 3) n
  join jobs j on j.input_url like '%rehearsal0' || n;

insert into segments (video_id, start_ms, end_ms, text, confidence)
  select v.id, s * 3000, s * 3000 + 2900,
    (array['All stations are go for launch.', 'The countdown holds at nine minutes.',
      'Telemetry looks nominal on every channel.', 'Guidance is go.',
      'We resume the countdown on my mark.'])[(s + v.idx_of) % 5 + 1], 0.97
  from (select id, row_number() over (order by youtube_id) - 1 as idx_of,
          duration_seconds from videos) v
  cross join lateral generate_series(0, v.duration_seconds / 3 - 1) s
  order by 1, 2;

insert into transcripts (video_id, full_text, language, model, created_at)
  select s.video_id, string_agg(s.text, ' ' order by s.start_ms), 'en', 'large-v3',
    max(v.updated_at)
  from segments s join videos v on v.id = s.video_id group by s.video_id;
update segments s set transcript_id = t.id
  from transcripts t where t.video_id = s.video_id;

insert into transcript_blocks (video_id, start_ms, end_ms, text)
  select video_id, min(start_ms), max(end_ms), string_agg(text, ' ' order by start_ms)
  from segments group by video_id, start_ms / 30000;

insert into youtube_transcripts (video_id, language, kind, full_text)
  select video_id, language, 'asr', full_text from transcripts;
insert into youtube_segments (youtube_transcript_id, start_ms, end_ms, text)
  select y.id, s.start_ms, s.end_ms, s.text
  from segments s join youtube_transcripts y on y.video_id = s.video_id;

insert into user_vocabularies (name, terms, is_global)
  values ('Spaceflight', '["telemetry", "countdown"]', true);
insert into search_suggestions (term, frequency) values ('countdown', 7), ('launch', 4);
insert into user_searches (user_id, query, result_count)
  values ('00000000-0000-4000-8000-000000000001', 'countdown', 12);
insert into events (user_id, type, payload)
  values ('00000000-0000-4000-8000-000000000001', 'search', '{"q": "countdown"}');

select format('vacuum (analyze) %I', tablename)
  from pg_tables where schemaname = 'public'
\gexec
