-- The role that gonogo looks as: it watches the server and reads what steps ask about.
-- As a superuser or owner, in the application's database:
--   GONOGO_PASSWORD=… psql -v ON_ERROR_STOP=1 -f postgres.sql transcripts
-- psql before 15 knows no \getenv: take the password out, and say \password gonogo later.
\getenv password GONOGO_PASSWORD
create role gonogo login connection limit 10 password :'password';

alter role gonogo set default_transaction_read_only = on;
alter role gonogo set statement_timeout = '10s';
alter role gonogo set idle_in_transaction_session_timeout = '30s';
grant pg_monitor to gonogo;

-- No column here lets anybody in: neither tokens nor hashes of keys, and no texts.
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
