-- What apps registered. See engine/app/sync-row.ts.
create table syncs (
  sequence integer primary key, -- order of insertion
  id text not null unique,
  app_id text not null,
  at integer not null,
  source text not null, -- app, server, worker
  duration_ms integer,
  url text not null,
  sdk text not null,
  framework text not null,
  app_version text,
  error text,
  function_count integer not null,
  diff text not null -- json
) strict;
create index syncs_by_app on syncs (app_id, sequence);
alter table apps add column sync_id text;
