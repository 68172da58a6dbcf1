-- Deliveries of a state, such as the few that were given up, are found among all
-- that a subscription ever had.
create index webhook_delivery_state on webhook_delivery (subscription_id, state, created_at, id);
