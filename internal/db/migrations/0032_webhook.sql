-- What programs asked to be told, and each telling.
create table webhook_subscription (
  id text primary key,
  client text not null,
  url text not null,
  secret bytea not null,
  former bytea,
  former_until bigint,
  state text not null,
  reason text not null,
  failing_since bigint,
  created_at bigint not null,
  constraint webhook_subscription_state check (state in ('active', 'paused', 'ended'))
);
create index webhook_subscription_client on webhook_subscription (client, created_at, id);
create table webhook_topic (
  subscription_id text not null references webhook_subscription (id),
  topic text not null,
  primary key (subscription_id, topic)
);
create index webhook_topic_topic on webhook_topic (topic, subscription_id);
create table webhook_delivery (
  id text primary key,
  subscription_id text not null,
  event text not null,
  topic text not null,
  body text not null,
  org_id text not null,
  state text not null,
  attempts bigint not null,
  next_at bigint not null,
  trouble text not null,
  created_at bigint not null,
  closed_at bigint,
  constraint webhook_delivery_state check (state in ('pending', 'delivered', 'dead', 'dropped')),
  constraint webhook_delivery_once unique (subscription_id, event)
);
create index webhook_delivery_due on webhook_delivery (next_at, id) where state = 'pending';
create index webhook_delivery_list on webhook_delivery (subscription_id, created_at, id);
create index webhook_delivery_closed on webhook_delivery (closed_at, id) where closed_at is not null;
