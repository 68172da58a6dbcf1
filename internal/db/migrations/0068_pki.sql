-- Time stamp authorities of other suites than SM3 with SM2, each under a root of its own: ids are suite, dot, root or
-- timestamp. sealed is the key, encrypted; a certificate that is not that key's is believed by nobody.
create table pki_suite (
  id text primary key,
  certificate bytea not null,
  sealed bytea not null,
  created_at bigint not null
);
