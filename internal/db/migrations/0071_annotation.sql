-- Copies that a holder made themselves (own), for as many a day as a rule says, and
-- when they took one back before its time.
alter table annotation_copy add column own boolean not null default false;
alter table annotation_copy add column ended_at bigint;
create index annotation_copy_own on annotation_copy (account, created_at, id) where own = true;

-- What is not effective any more of a kind and a unit: with the index of numbers it
-- tells how many certificates of which states a transfer moves.
create index cert_certificate_ended on cert_certificate (kind, issuer, life) where status = 'effective' and life <> 'effective';
