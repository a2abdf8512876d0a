-- The span that sent an event. See engine/event/event-row.ts.
-- Not checked here: a check would read every event that is stored.
alter table events add column traceparent text;
