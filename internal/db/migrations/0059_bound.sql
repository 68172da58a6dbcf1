-- Which kinds of certificate offer a seal to their holder: what designers put, beside what comes with the program.
create table bound_rule (
  id text primary key,
  kind text not null,
  org text not null,
  path text not null,
  sort text not null,
  days bigint not null,
  follows boolean not null,
  fields text not null,
  basis text not null,
  reason text not null,
  account text not null,
  at bigint not null,
  constraint bound_rule_sort check (sort in ('enterprise', 'personal', 'none'))
);
create index bound_rule_kind on bound_rule (kind, at, id);

-- That somebody wants the seal together with a certificate that is still being issued.
create table bound_wish (
  draft text primary key,
  kind text not null,
  unit text not null,
  sort text not null,
  holder bytea not null,
  agent bytea,
  agent_account text not null,
  content bytea,
  account text not null,
  state text not null,
  created_at bigint not null,
  constraint bound_wish_state check (state in ('waiting', 'met', 'ended'))
);
create index bound_wish_holder on bound_wish (holder, kind) where state = 'waiting';

-- A seal that is offered with a certificate: once for all versions of it. Whose it is stands as a blind index and encrypted.
create table bound_offer (
  id text primary key,
  series text not null,
  sort text not null,
  kind text not null,
  certificate text not null,
  identifier text not null,
  version bigint not null,
  issuer text not null,
  path text not null,
  follows boolean not null,
  rule text not null,
  holder bytea not null,
  agent bytea,
  agent_by text not null,
  wished boolean not null,
  content bytea not null,
  state text not null,
  until_at bigint not null,
  later_at bigint,
  account text not null,
  application text not null,
  seal text not null,
  reason text not null,
  revision bigint not null,
  created_at bigint not null,
  taken_at bigint,
  done_at bigint,
  ended_at bigint,
  constraint bound_offer_once unique (series, sort),
  constraint bound_offer_state check (state in ('open', 'taken', 'done', 'declined', 'expired', 'void'))
);
create index bound_offer_holder on bound_offer (holder, created_at, id);
create index bound_offer_agent on bound_offer (agent, created_at, id) where agent is not null;
create index bound_offer_certificate on bound_offer (certificate);
create index bound_offer_application on bound_offer (application) where application <> '';
create index bound_offer_seal on bound_offer (seal) where seal <> '';
create index bound_offer_until on bound_offer (until_at, id) where state = 'open';
create index bound_offer_later on bound_offer (later_at, id) where state = 'open' and later_at is not null;
create index bound_offer_list on bound_offer (created_at, id);

-- What became of a seal because its certificate stands no more, and what people have to do about it.
create table bound_follow (
  id text primary key,
  offer text not null,
  seal text not null,
  status text not null,
  state text not null,
  froze boolean not null,
  reason text not null,
  created_at bigint not null,
  ended_at bigint,
  ended_by text not null,
  constraint bound_follow_state check (state in ('frozen', 'restore', 'cancel', 'ended'))
);
create unique index bound_follow_open on bound_follow (offer) where state <> 'ended';
