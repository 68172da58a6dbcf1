-- How many documents of an organisation are in each state: kept with each move,
-- so that the rate at which documents are filed (归档率) is read without counting.
create table archive_count (
  org text not null,
  state text not null,
  items bigint not null,
  primary key (org, state)
);
insert into archive_count (org, state, items) select org, state, count(*) from archive_item group by org, state;
