-- Tables of the first release. Instants are milliseconds since the epoch; booleans are 0 and 1; "json" in a comment means JSON text.

-- Counters of this file. `epoch`: how many blocks of lease generations were given out.
create table counters (
  name text primary key not null,
  value integer not null
) strict, without rowid;
insert into counters (name, value) values ('epoch', 0);

create table apps (
  id text primary key not null,
  name text not null,
  url text not null,
  sdk text not null,
  framework text not null,
  app_version text,
  method text not null check (method in ('serve', 'connect')),
  checksum text not null,
  error text,
  created_at integer not null,
  synced_at integer not null,
  archived_at integer
) strict;

create table functions (
  id text primary key not null,
  app_id text not null,
  slug text not null,
  name text not null,
  version integer not null,
  definition text not null, -- json
  config text not null, -- json
  created_at integer not null,
  archived_at integer
) strict;

-- The event log: only appended to. Whether an event is processed stands in `unprocessed_events`, so that no body is ever rewritten.
create table events (
  id text primary key not null,
  external_id text, -- null: same as id
  name text not null,
  ts integer not null,
  received_at integer not null,
  body text not null, -- json
  is_internal integer not null
) strict;
create index events_name_idx on events (name, id);

-- Events accepted and not yet processed: usually a handful, so this small table stays in one page.
create table unprocessed_events (
  event_id text primary key not null
) strict, without rowid;

create table event_outcomes (
  event_id text not null,
  function_id text not null,
  reason text not null,
  detail text,
  at integer not null,
  primary key (event_id, function_id, reason)
) strict, without rowid;

create table runs (
  id text primary key not null,
  function_id text not null,
  app_id text not null,
  function_version integer not null,
  status text not null check (status in ('QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')),
  version integer not null check (version >= 1),
  request_version integer not null,
  event_id text, -- the first event
  more_event_ids text, -- json: the others of a batch; null: none
  event_name text not null,
  idempotency_key text,
  queued_at integer not null,
  started_at integer,
  ended_at integer,
  output text, -- json
  error text, -- json
  end_reason text,
  lane text not null,
  score real not null,
  correlation_id text,
  rerun_of text,
  cron text,
  state_bytes integer not null,
  steps_done integer not null,
  stalls integer not null,
  has_fanned_out integer not null,
  has_pauses integer not null,
  finish_by integer
) strict;
create index runs_event_idx on runs (event_id);
create index runs_queued_idx on runs (queued_at, id);
create index runs_started_idx on runs (started_at, id) where started_at is not null;
create index runs_ended_idx on runs (ended_at, id) where ended_at is not null;
create index runs_live_idx on runs (queued_at, id) where status in ('QUEUED', 'RUNNING');
create index runs_function_idx on runs (function_id, queued_at, id);
create index runs_idempotency_idx on runs (function_id, idempotency_key, queued_at, id) where idempotency_key is not null;

-- Events of a run after the first. A run of one event has no row here.
create table run_events (
  event_id text not null,
  run_id text not null,
  primary key (event_id, run_id)
) strict, without rowid;

-- The rowid keeps the order of insertion, which lists of steps show.
create table steps (
  run_id text not null,
  id text not null,
  kind text not null,
  name text not null,
  userland_id text,
  userland_index integer,
  status text not null,
  mode text not null check (mode in ('wait', 'race')),
  position integer,
  result text, -- json
  options text, -- json
  input_override text, -- json
  item_id text not null,
  attempt integer not null,
  queued_at integer not null,
  started_at integer,
  ended_at integer,
  until integer,
  target text,
  target_run_id text,
  matched_event_id text,
  primary key (run_id, id)
) strict;

create table attempts (
  run_id text not null,
  started_at integer not null,
  step_id text not null,
  attempt integer not null,
  ended_at integer not null,
  error text not null, -- json
  http_status integer,
  retry_at integer,
  primary key (run_id, started_at, step_id, attempt)
) strict, without rowid;

-- Ids start with the run's id and a slash, so a run's items are a range of the primary key.
-- `is_ready` is set when a scan of lanes finds the item due, so that items that run at once never touch the index of lanes
-- and items that sleep never stand in the way of those that are due.
create table items (
  id text primary key not null,
  run_id text not null,
  function_id text not null,
  kind text not null,
  step_id text,
  due_at integer not null,
  score real not null,
  lane text not null,
  attempt integer not null,
  attempts_max integer not null,
  is_ready integer not null
) strict, without rowid;
create index items_due_idx on items (due_at, id);
create index items_ready_idx on items (lane, score, id, due_at) where is_ready = 1;

-- `match_path` is '' where a pause has no indexed equality.
create table pauses (
  id text primary key not null,
  run_id text not null,
  kind text not null check (kind in ('event', 'invoke', 'signal', 'cancel')),
  step_id text,
  event_name text,
  expression text,
  match_path text not null,
  match_value text not null,
  correlation_id text,
  signal text,
  created_at integer not null,
  expires_at integer not null
) strict, without rowid;
create index pauses_event_idx on pauses (event_name, match_path, match_value) where event_name is not null;
create index pauses_correlation_idx on pauses (correlation_id) where correlation_id is not null;
create unique index pauses_signal_idx on pauses (signal) where signal is not null;
