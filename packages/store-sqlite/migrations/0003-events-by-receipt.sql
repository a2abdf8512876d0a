-- Events of a name by when they were received. Ids do not tell: senders may choose the time in them.
create index events_received_idx on events (name, received_at, id);
