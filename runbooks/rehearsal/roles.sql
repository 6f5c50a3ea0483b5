-- The application's role may read and write rows and watch the server; the tables
-- belong to another one. The superuser exists for faults and for nothing else.
-- gonogo looks as a role of its own, made as docs/security.md has it.
\getenv password REHEARSAL_PASSWORD
create role transcript_owner nologin;
create role transcript login password :'password';
grant pg_monitor to transcript;
\getenv probe_password REHEARSAL_PROBE_PASSWORD
create role gonogo login password :'probe_password';
grant pg_monitor to gonogo;
create database transcripts owner transcript_owner;
