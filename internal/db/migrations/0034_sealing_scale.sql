-- What is asked all day stays as cheap when there are a million requests,
-- batches of one and seals: found by what the unending sweeps and lists look for.
create index sealing_request_time on sealing_request (created_at, id);
create index sealing_request_mine on sealing_request (account, state, created_at, id);
create index sealing_request_unit on sealing_request (org, state, created_at, id);
create index sealing_request_state on sealing_request (state, created_at, id);
drop index sealing_batch_running;
create index sealing_batch_running on sealing_batch (lease_until, id) where state = 'running';
create index sealing_batch_time on sealing_batch (created_at, id) where single = false;
create index sealing_item_stamping on sealing_item (batch) where state = 'stamping';
drop index seal_use_policy;
create index seal_use_policy on seal_use (policy_id, created_at, id, state) where policy_id <> '';
