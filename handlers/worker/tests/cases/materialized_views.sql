-- Materialized views: filled or not, on each other, with indexes, and one whose contents were old.
create table acme.t (id int, word text);
insert into acme.t values (1, 'a'), (2, 'b');
create materialized view acme.b_filled with (fillfactor = 60) as select * from acme.t;
create materialized view acme.a_on_it as select count(*) as n from acme.b_filled;
create materialized view acme.not_filled as select * from acme.t with no data;
create unique index on acme.b_filled (id);
create index on acme.not_filled (id);
create view acme.reading as select n from acme.a_on_it;
create materialized view acme.stale as select count(*) as n from acme.t;
create materialized view acme.clock as select clock_timestamp() as at;
insert into acme.t values (3, 'c');
alter materialized view acme.b_filled cluster on b_filled_id_idx;
alter materialized view acme.b_filled alter column word set storage external;
alter materialized view acme.b_filled alter column word set statistics 77;
comment on materialized view acme.b_filled is 'filled';
grant select on acme.b_filled to clerk;
--- later
delete from acme.t;
--- holds
select 'filled', (select count(*) = 3 from acme_r.b_filled) and (select n = 3 from acme_r.reading);
select 'not filled', (select not relispopulated from pg_class where oid = 'acme_r.not_filled'::regclass);
--- remarks
MaterializedViewNewer "acme_r"."a_on_it"
MaterializedViewNewer "acme_r"."b_filled"
MaterializedViewNewer "acme_r"."clock"
MaterializedViewNewer "acme_r"."stale"
