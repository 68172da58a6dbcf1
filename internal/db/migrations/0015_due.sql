-- Values of rules that administrators put; the shipped ones are data of the
-- program. Nothing is changed but the day on which a value ends, once.
create table due_rule (
  id text primary key,
  code text not null,
  region text not null,
  from_day text not null,
  until_day text not null default '',
  amount bigint not null,
  unit text not null,
  on_day text not null,
  backward boolean not null,
  closes text not null,
  extends boolean not null,
  remind text not null,
  escalate text not null,
  origin text not null,
  basis text not null,
  account text not null,
  reason text not null,
  ended_by text not null default '',
  ended_reason text not null default '',
  created_at bigint not null,
  constraint due_rule_amount check (amount between 0 and 10000),
  constraint due_rule_origin check (origin in ('legal', 'local'))
);
create unique index due_rule_once on due_rule (code, region, from_day) where until_day = '' or until_day >= from_day;
create index due_rule_code on due_rule (code, created_at, id);

-- The notices on holidays that came after the program was made.
create table due_year (
  year bigint not null,
  revision bigint not null,
  days text not null,
  account text not null,
  created_at bigint not null,
  constraint due_year_pk primary key (year, revision)
);

-- A promise carries its rule's values: what is changed later is not for it.
-- next_at is the time of the next moment that was not announced, null while the
-- clock stands or when nothing is left. order_at is what lists are ordered by:
-- the end, or behind all others while the clock stands.
create table due_promise (
  id text primary key,
  topic text not null,
  object text not null,
  rule text not null,
  rule_id text not null,
  region text not null,
  org text not null,
  account text not null,
  permission text not null,
  title text not null,
  link text not null,
  terms text not null,
  basis text not null,
  since_at bigint not null,
  until_at bigint not null,
  due_at bigint not null,
  opens_at bigint not null,
  care_at bigint not null,
  order_at bigint not null,
  next_at bigint,
  step bigint not null,
  moments text not null,
  missing_year bigint not null,
  provisional boolean not null,
  pauses text not null default '',
  state text not null,
  reason text not null default '',
  late boolean not null default false,
  tallied boolean not null default false,
  created_at bigint not null,
  closed_at bigint,
  constraint due_promise_state check (state in ('open', 'paused', 'kept', 'dropped')),
  constraint due_promise_closed check ((state in ('open', 'paused')) = (closed_at is null)),
  constraint due_promise_title check (length(title) between 1 and 200)
);
create unique index due_promise_once on due_promise (topic, object) where closed_at is null;
create index due_promise_object on due_promise (topic, object, created_at, id);
create index due_promise_next on due_promise (next_at, id) where next_at is not null;
create index due_promise_account on due_promise (account, order_at, id) where closed_at is null;
create index due_promise_held on due_promise (permission, org, order_at, id) where closed_at is null and account = '';
create index due_promise_org on due_promise (org, order_at, id) where closed_at is null;
-- A caller who oversees many organisations pages through all of them by the end.
create index due_promise_order on due_promise (order_at, id) where closed_at is null;
create index due_promise_missing on due_promise (missing_year, id) where missing_year > 0;
create index due_promise_untallied on due_promise (closed_at, id) where closed_at is not null and not tallied;

-- How promises ended, by rule, organisation and month of their end in Beijing.
-- Written by the chore alone: no business transaction touches a shared row.
create table due_tally (
  rule text not null,
  org text not null,
  month text not null,
  kept bigint not null,
  late bigint not null,
  dropped bigint not null,
  minutes bigint not null,
  constraint due_tally_pk primary key (rule, org, month)
);
create index due_tally_org on due_tally (org, month, rule);
