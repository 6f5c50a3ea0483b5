-- The application's role may read and write rows and watch the server; the tables
-- belong to another one. The superuser exists for faults and for nothing else.
\getenv password REHEARSAL_PASSWORD
create role transcript_owner nologin;
create role transcript login password :'password';
grant pg_monitor to transcript;
create database transcripts owner transcript_owner;
