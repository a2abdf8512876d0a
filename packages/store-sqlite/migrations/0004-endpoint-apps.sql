-- Apps that are reached by calling their durable endpoints (method 'api'). A check can't be changed in place.
create table apps_new (
  id text primary key not null,
  name text not null,
  url text not null,
  sdk text not null,
  framework text not null,
  app_version text,
  method text not null check (method in ('serve', 'connect', 'api')),
  checksum text not null,
  error text,
  created_at integer not null,
  synced_at integer not null,
  archived_at integer
) strict;
insert into apps_new (id, name, url, sdk, framework, app_version, method, checksum, error, created_at, synced_at, archived_at)
  select id, name, url, sdk, framework, app_version, method, checksum, error, created_at, synced_at, archived_at from apps;
drop table apps;
alter table apps_new rename to apps;
