-- What an auditor should look at. An alarm of an event has the event's id.
create table auditor_alarm (
  id text primary key,
  kind text not null,
  org text not null,
  account text not null,
  object text not null,
  reason text not null,
  at bigint not null,
  state text not null default 'open',
  acknowledged_by text not null default '',
  acknowledged_at bigint,
  note text not null default '',
  constraint auditor_alarm_state check (state in ('open', 'acknowledged'))
);
create index auditor_alarm_listed on auditor_alarm (at, id);
create index auditor_alarm_open on auditor_alarm (at, id) where state = 'open';
