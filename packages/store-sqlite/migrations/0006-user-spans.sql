-- Spans of users' code. See engine/trace/user-span.ts.
create table span_batches (
  run_id text not null,
  id text not null,
  spans text not null, -- json
  received_at integer not null,
  primary key (run_id, id)
) strict, without rowid;
