-- Whom we ask about seals that are not ours. provider_entry is guarded with a
-- census and a MAC a row (package keys). Times are milliseconds.
create table provider_entry (
  id text primary key,
  provider text not null,
  version bigint not null,
  org text not null,
  name text not null,
  operator text not null,
  zone text not null,
  endpoint text not null,
  protocol text not null,
  certificate bytea not null,
  state text not null,
  reason text not null,
  source text not null default '',
  proposed_by text not null,
  proposed_at bigint not null,
  decided_by text not null default '',
  decided_at bigint,
  note text not null default '',
  ended_by text not null default '',
  ended_at bigint,
  ended_reason text not null default '',
  flagged_at bigint,
  mac bytea not null,
  constraint provider_entry_zone check (zone in ('extranet', 'internet')),
  constraint provider_entry_state check (state in ('proposed', 'active', 'suspended', 'removed', 'refused', 'replaced'))
);
create unique index provider_entry_version on provider_entry (provider, version);
create unique index provider_entry_open on provider_entry (provider) where state = 'proposed';
create unique index provider_entry_live on provider_entry (provider) where state in ('active', 'suspended');
create index provider_entry_listed on provider_entry (state, provider, id);

-- The digital certificates that a version answers for: digest is SM3 of it.
create table provider_maker (
  entry text not null references provider_entry (id),
  digest bytea not null,
  use text not null,
  certificate bytea not null,
  primary key (entry, digest),
  constraint provider_maker_use check (use in ('maker', 'authority'))
);
create index provider_maker_digest on provider_maker (digest, entry);

-- Platforms whose lists of trust were imported, each with the key that it is held to.
create table provider_peer (
  id text primary key,
  certificate bytea not null,
  issued_at bigint not null,
  imported_by text not null,
  imported_at bigint not null
);

-- What our answers and our list are signed with; secret is sealed under the keys of columns.
create table provider_key (
  id text primary key,
  secret bytea not null,
  certificate bytea not null,
  expires_at bigint not null,
  created_at bigint not null
);
create index provider_key_newest on provider_key (expires_at, created_at, id);
