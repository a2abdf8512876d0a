-- Flow control, batches, deferred functions, metadata.

alter table runs add column holds text; -- json: keys of cells
alter table runs add column skip_reason text;
alter table runs add column bulk_id text;
alter table runs add column sessions text; -- json
create index runs_bulk_idx on runs (bulk_id, queued_at, id) where bulk_id is not null;
create index runs_function_live_idx on runs (function_id, queued_at, id) where status in ('QUEUED', 'RUNNING');

alter table functions add column paused text; -- json

-- Pauses of invokes are found in the state of their run.
drop index pauses_correlation_idx;

-- Small states beside the runs. See engine/flow/cell-row.ts.
create table cells (
  key text primary key not null,
  kind text not null,
  function_id text not null,
  state text not null, -- json
  version integer not null check (version >= 1),
  expires_at real
) strict, without rowid;
create index cells_kind_idx on cells (kind, key);
create index cells_expires_idx on cells (expires_at) where expires_at is not null;

create table batch_events (
  batch_id text not null,
  position integer not null,
  event_id text not null,
  primary key (batch_id, position)
) strict, without rowid;
create index batch_events_event_idx on batch_events (event_id);

create table defers (
  run_id text not null,
  id text not null,
  slug text not null,
  input text not null, -- json
  status text not null,
  reason text,
  created_at integer not null,
  primary key (run_id, id)
) strict, without rowid;

create table metadata (
  run_id text not null,
  step_id text not null,
  kind text not null,
  name text not null,
  "values" text not null, -- json
  updated_at integer not null,
  primary key (run_id, step_id, kind, name)
) strict, without rowid;

-- To delete a run's events list with it.
create index run_events_run_idx on run_events (run_id);
