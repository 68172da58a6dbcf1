-- Whoever searches by number alone names neither kind nor unit.
create index cert_certificate_numbered on cert_certificate (number, created_at, id);
