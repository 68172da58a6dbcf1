-- Personal signatures: who may sign, what is laid before whom, and how it came about.
-- certificate is sealed: it names the person.
create table signature_identity (
  id text primary key,
  account text not null references iam_account (id),
  state text not null,
  key_id text not null,
  certificate bytea,
  serial text not null default '',
  issuer text not null default '',
  valid_from bigint not null default 0,
  valid_to bigint not null default 0,
  created_at bigint not null,
  ended_at bigint,
  reason text not null default '',
  constraint signature_identity_state check (state in ('applied', 'effective', 'cancelled', 'replaced')),
  constraint signature_identity_certificate check (state <> 'effective' or certificate is not null)
);
create unique index signature_identity_effective on signature_identity (account) where state = 'effective';
create unique index signature_identity_applied on signature_identity (account) where state = 'applied';
create index signature_identity_account on signature_identity (account, created_at, id);

-- original and document are digests of stored documents; title and message are sealed.
-- revision counts the documents: who signs over one puts the next only in its place.
create table signature_task (
  id text primary key,
  org text not null,
  account text not null,
  app text not null,
  item text not null,
  title bytea not null,
  message bytea,
  state text not null,
  until bigint not null,
  pages bigint not null,
  original bytea not null,
  document bytea not null,
  revision bigint not null default 0,
  warned boolean not null default false,
  reminded_at bigint not null default 0,
  evidence_at bigint not null default 0,
  evidence_use text not null default '',
  evidence_content bytea,
  evidence_lease bigint not null default 0,
  evidence bytea,
  repetition text unique,
  created_at bigint not null,
  closed_at bigint,
  constraint signature_task_state check (state in ('open', 'done', 'refused', 'withdrawn', 'expired')),
  constraint signature_task_closed check ((state = 'open') = (closed_at is null))
);
create index signature_task_org on signature_task (org, created_at, id);
create index signature_task_account on signature_task (account, created_at, id);
create index signature_task_until on signature_task (until, id) where state = 'open';
create index signature_task_original on signature_task (original);

-- person is the blind index of number and name together; name, citizen, drawing,
-- picture and reason are sealed. mark is the digest of the signature's description
-- in the document: by it a signature is found whatever was added since.
create table signature_signer (
  task text not null references signature_task (id),
  number bigint not null,
  turn bigint not null,
  role text not null,
  way text not null,
  state text not null,
  account text references iam_account (id),
  person bytea,
  name bytea not null,
  citizen bytea,
  places text not null,
  drawing bytea,
  picture bytea,
  identity text references signature_identity (id),
  factor text not null default '',
  intent text not null default '',
  agent text not null default '',
  address text not null default '',
  attempts bigint not null default 0,
  lease_until bigint not null default 0,
  before_document bytea,
  after_document bytea,
  mark bytea,
  reason bytea,
  created_at bigint not null,
  invited_at bigint not null default 0,
  viewed_at bigint not null default 0,
  captured_at bigint not null default 0,
  confirmed_at bigint not null default 0,
  ended_at bigint not null default 0,
  primary key (task, number),
  constraint signature_signer_state check (state in ('waiting', 'invited', 'viewed', 'captured', 'confirmed', 'signed', 'refused')),
  constraint signature_signer_way check (way in ('seal', 'sign')),
  constraint signature_signer_signed check (state <> 'signed' or (after_document is not null and mark is not null and drawing is null and picture is null)),
  constraint signature_signer_who check (account is not null or person is not null)
);
create index signature_signer_account on signature_signer (account, created_at, task, number);
create index signature_signer_person on signature_signer (person, created_at, task, number) where account is null;
create index signature_signer_confirmed on signature_signer (lease_until, task, number) where state = 'confirmed';
create index signature_signer_after on signature_signer (after_document) where after_document is not null;
create unique index signature_signer_mark on signature_signer (mark) where mark is not null;

-- hash and device are digests of 256 random bits.
create table signature_link (
  hash bytea primary key,
  task text not null references signature_task (id),
  number bigint not null,
  kind text not null,
  device bytea,
  opens bigint not null default 0,
  created_at bigint not null,
  until bigint not null,
  ended_at bigint,
  constraint signature_link_kind check (kind in ('sign', 'pad'))
);
create index signature_link_signer on signature_link (task, number, kind) where ended_at is null;
create index signature_link_until on signature_link (until);

create table signature_event (
  id text primary key,
  task text not null references signature_task (id),
  number bigint not null,
  kind text not null,
  agent text not null,
  address text not null,
  document bytea,
  at bigint not null
);
create index signature_event_task on signature_event (task, at, id);

-- Signs evidence where the unit has no seal for it.
create table signature_platform (
  id bigint primary key,
  key_id text not null,
  certificate bytea not null,
  created_at bigint not null,
  constraint signature_platform_one check (id = 1)
);
