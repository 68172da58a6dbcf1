-- Answers of writes by caller and Idempotency-Key. request is the digest of
-- what was sent; answer is encrypted, and null while the first is being served.
create table httpx_idempotency (
  id bytea primary key,
  request bytea not null,
  answer bytea,
  held_until bigint not null,
  expires_at bigint not null
);
create index httpx_idempotency_expires on httpx_idempotency (expires_at);
