-- Whether the certificates that were issued before there was evidence are noted: they
-- are looked for until some days after the first time, and then never again.
create table lasting_backfill (
  id text primary key,
  first_at bigint not null,
  done boolean not null
);
create index lasting_document_digest on lasting_document (document);
