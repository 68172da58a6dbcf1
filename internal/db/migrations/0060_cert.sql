-- What tells a certificate's row, once it is issued, from one that was edited in
-- the database; rows of before get theirs by a chore, once.
alter table cert_certificate add column mac bytea;
create index cert_certificate_unguarded on cert_certificate (id) where mac is null and status = 'effective';
