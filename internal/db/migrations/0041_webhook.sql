-- What is due is looked for one active subscription after the other: what waits
-- for a paused one is never looked at.
drop index webhook_delivery_due;
create index webhook_delivery_due on webhook_delivery (subscription_id, next_at, id) where state = 'pending';
create index webhook_subscription_active on webhook_subscription (id) where state = 'active';
