-- Where people want to be told outside the platform: an address of a channel, once they have shown that it is theirs.
create table notice_channel (
  account text not null,
  channel text not null,
  address bytea not null,
  posts boolean not null,
  quiet_from bigint not null,
  quiet_to bigint not null,
  state text not null,
  code bytea,
  code_until bigint not null,
  tries bigint not null,
  codes bigint not null,
  codes_since bigint not null,
  updated_at bigint not null,
  constraint notice_channel_pk primary key (account, channel),
  constraint notice_channel_state check (state in ('pending', 'active'))
);

-- One telling of one notice to one account by one channel.
create table notice_delivery (
  id text primary key,
  notice text not null,
  account text not null,
  channel text not null,
  state text not null,
  attempts bigint not null,
  next_at bigint not null,
  tried_at bigint,
  trouble text not null,
  created_at bigint not null,
  closed_at bigint,
  constraint notice_delivery_state check (state in ('waiting', 'sent', 'delivered', 'failed', 'gave-up', 'dropped')),
  constraint notice_delivery_once unique (notice, account, channel)
);
create index notice_delivery_due on notice_delivery (next_at, id) where state = 'waiting';
create index notice_delivery_list on notice_delivery (account, created_at, id);
create index notice_delivery_tried on notice_delivery (account, channel, tried_at) where tried_at is not null;
create index notice_delivery_old on notice_delivery (created_at, id);
