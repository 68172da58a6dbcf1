-- Seals of a state or kind, and those that have run out, are found among a
-- million without looking at each.
create index seal_seal_state on seal_seal (state, created_at, id);
create index seal_seal_kind on seal_seal (kind, created_at, id);
create index seal_seal_ends on seal_seal (valid_to, id) where state = 'effective';
