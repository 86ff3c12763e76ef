-- Settings of tables, columns and indexes.
create table acme.t (id int not null, word text, big text, blob bytea, n int) with (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false, parallel_workers = 3, user_catalog_table = false);
alter table acme.t alter word set storage external, alter big set compression pglz, alter blob set storage main, alter n set statistics 500, alter n set (n_distinct = -0.5, n_distinct_inherited = 7), alter word set statistics 0;
insert into acme.t values (1, repeat('x', 10000), repeat('y', 10000), '\x00', 1);
create index chosen on acme.t (n) with (fillfactor = 50);
create index expressed on acme.t ((n + 1), length(word));
alter index acme.expressed alter column 1 set statistics 222;
create index gin_one on acme.t using gin (to_tsvector('english', word)) with (fastupdate = off, gin_pending_list_limit = 128);
create index brin_one on acme.t using brin (id) with (pages_per_range = 16, autosummarize);
create index hash_one on acme.t using hash (word);
create index ordered on acme.t (substr(word, 1, 9) collate "C" text_pattern_ops desc nulls last);
alter table acme.t cluster on chosen;
create unique index identity on acme.t (id);
alter table acme.t replica identity using index identity;
create table acme.full_one (a int);
alter table acme.full_one replica identity full;
create table acme.no_identity (a int primary key);
alter table acme.no_identity replica identity nothing;
create table acme.clustered (id int primary key);
alter table acme.clustered cluster on clustered_pkey, replica identity using index clustered_pkey;
create statistics acme.st (ndistinct, dependencies, mcv) on id, n, (n + 1) from acme.t;
alter statistics acme.st set statistics 333;
create unlogged table acme.unlogged_one (id int primary key);
insert into acme.unlogged_one values (1);
create view acme.v as select * from acme.t;
create table acme.partitioned (id int, w text) partition by range (id);
alter table acme.partitioned alter w set storage external, alter w set statistics 99, alter w set compression pglz;
create table acme.partitioned_1 partition of acme.partitioned for values from (1) to (5) with (fillfactor = 33);
alter table acme.partitioned_1 alter w set statistics 98;
create index partitioned_i on acme.partitioned (id);
alter index acme.partitioned_1_id_idx set (fillfactor = 44);
--- holds
select 'column settings', (select array_agg(concat(attname, attstorage, attcompression, attstattarget, attoptions) order by attnum)::text from pg_attribute where attrelid = 'acme_r.t'::regclass and attnum > 0)
    = (select array_agg(concat(attname, attstorage, attcompression, attstattarget, attoptions) order by attnum)::text from pg_attribute where attrelid = 'acme.t'::regclass and attnum > 0);
select 'replica identities', (select array_agg(concat(relname, relreplident) order by relname)::text from pg_class where relnamespace = 'acme_r'::regnamespace and relkind in ('r', 'p')) = (select array_agg(concat(relname, relreplident) order by relname)::text from pg_class where relnamespace = 'acme'::regnamespace and relkind in ('r', 'p'));
select 'toast settings', (select t.reloptions from pg_class c join pg_class t on t.oid = c.reltoastrelid where c.oid = 'acme_r.t'::regclass)::text = '{autovacuum_enabled=false}';
--- remarks
UnloggedTable acme_r.unlogged_one
