-- Proof renewed under another digest (RFC 4998 §5.3). digest is that of a batch's tree. rests names, between commas, every
-- algorithm that the time stamp rests on; it is empty for those of before, of which hash and signature tell. A batch over
-- documents that has an origin begins a further chain over the documents of that batch; covers is the last time stamp of
-- the chain before, and again, there, is the batch that begins the chain after.
alter table lasting_stamp add column digest text not null default 'sm3';
alter table lasting_stamp add column rests text not null default '';
alter table lasting_stamp add column origin text not null default '';
alter table lasting_stamp add column covers text not null default '';
alter table lasting_stamp add column again text not null default '';
create index lasting_stamp_again on lasting_stamp (digest, id) where over = 'documents' and state = 'done' and again = '';

-- What a batch over documents under another digest than SM3 is over, in the order of its documents: the documents have to
-- be read for it. gone tells that one could not be had any more: nothing is proved of it.
create table lasting_leaf (
  stamp text not null,
  place bigint not null,
  leaf bytea not null,
  gone boolean not null,
  constraint lasting_leaf_pk primary key (stamp, place)
);
