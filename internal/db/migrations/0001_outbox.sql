create table outbox_event (
  id text primary key,
  topic text not null,
  key text not null,
  leaf bytea,
  body text not null,
  at bigint not null
);

-- One row per event and consumer. It is due while done_at and dead_at are null
-- and next_at is past; next_at lies ahead while a lease or a backoff runs.
create table outbox_delivery (
  event_id text not null references outbox_event (id),
  consumer text not null,
  attempts bigint not null default 0,
  next_at bigint not null,
  lease text not null default '',
  done_at bigint,
  dead_at bigint,
  error text not null default '',
  primary key (event_id, consumer)
);

create index outbox_delivery_due on outbox_delivery (consumer, next_at, event_id)
  where done_at is null and dead_at is null;
create index outbox_delivery_dead on outbox_delivery (consumer, event_id)
  where dead_at is not null;
create index outbox_event_topic on outbox_event (topic, id);
