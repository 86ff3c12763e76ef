-- What hangs on the schema and belongs to none: told, never made twice, never lost in silence.
reset role;
create extension postgres_fdw;
create server elsewhere foreign data wrapper postgres_fdw options (host 'localhost', dbname 'nowhere');
create user mapping for public server elsewhere options (user 'x');
grant usage on foreign server elsewhere to olga;
alter foreign data wrapper postgres_fdw owner to rdsadmin;
grant usage on foreign data wrapper postgres_fdw to auditor;
alter server elsewhere owner to auditor;
set role olga;
create table acme.t (id int primary key, n int);
create table acme.u (id int primary key);
insert into acme.t values (1, 2);
create foreign table acme.remote (id int options (column_name 'key') not null, w text collate "C", constraint positive check (id > 0)) server elsewhere options (schema_name 'acme', table_name 't');
alter foreign table acme.remote alter id set statistics 5;
comment on foreign table acme.remote is 'far away';
reset role;
create publication of_tables for table acme.t where (id > 0), acme.u;
create publication of_schema for tables in schema acme;
create domain acme.blob as oid;
create type acme.pack as (name text, content acme.blob);
alter domain acme.blob owner to olga;
alter type acme.pack owner to olga;
create table acme.blobs (id int, content oid, ours acme.blob, many oid[], packed acme.pack);
insert into acme.blobs values (1, lo_from_bytea(0, '\x01'));
alter table acme.blobs owner to olga;
alter role olga in database belonging_to_no_schema set search_path = acme, public;
--- holds
select 'publications as they were', (select count(*) = 2 from pg_publication_rel) and (select count(*) = 1 from pg_publication_namespace);
select 'foreign table', (select ftoptions::text like '%schema_name=acme%' from pg_foreign_table where ftrelid = 'acme_r.remote'::regclass);
--- remarks
DependentsStay "acme_r"
ForeignTable acme_r.remote
TextNamesOldSchema foreign table acme_r.remote
LargeObjectColumn acme_r.blobs.content
LargeObjectColumn acme_r.blobs.many
LargeObjectColumn acme_r.blobs.packed
LargeObjectColumn acme_r.blobs.ours
PublicationNotCarried of_schema
PublicationNotCarried of_tables
LeftOut DATABASE PROPERTIES belonging_to_no_schema
--- mentions
schema_name 'acme',
