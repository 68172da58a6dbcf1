-- Whether what was promised beside a notice on holidays was looked for again: a
-- promise that was counted while the notice was put may not have seen it.
alter table due_year add column settled boolean not null default false;
