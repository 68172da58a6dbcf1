-- What becomes of an issued certificate: its state beside how it was issued, and
-- every act that led there. What was issued before this is effective and gets its
-- place in the public list, and its end, from a program that runs (listed = 0).
alter table cert_certificate add column life text not null default 'effective';
alter table cert_certificate add column life_on text not null default '';
alter table cert_certificate add column life_basis text not null default '';
alter table cert_certificate add column marks text not null default '';
alter table cert_certificate add column acts bigint not null default 0;
alter table cert_certificate add column acted_on text not null default '';
alter table cert_certificate add column prior text not null default '';
alter table cert_certificate add column successor text not null default '';
alter table cert_certificate add column expires_at bigint;
alter table cert_certificate add column listed bigint not null default 0;
create index cert_certificate_expires on cert_certificate (expires_at, id) where life = 'effective' and expires_at is not null;
create index cert_certificate_unlisted on cert_certificate (id) where listed = 0 and status = 'effective';
create table cert_act (
  certificate_id text not null references cert_certificate (id),
  seq bigint not null,
  action text not null,
  account text not null,
  app text not null,
  org text not null,
  reason text not null,
  basis text not null,
  acted_on text not null,
  until text not null,
  was text not null,
  became text not null,
  changes text not null,
  successor text not null,
  recorded_at bigint not null,
  constraint cert_act_pk primary key (certificate_id, seq),
  constraint cert_act_seq check (seq > 0)
);
