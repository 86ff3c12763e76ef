-- An extension whose table in the schema the master has no right to.
reset role;
create extension unaccent schema acme;
create table acme.of_extension (id int primary key);
insert into acme.of_extension values (1);
alter extension unaccent add table acme.of_extension;
set role olga;
create table acme.t (id int primary key);
insert into acme.t values (1);
create view acme.v as select id from acme.t;
--- holds
select 'rows', (select count(*) = 1 from acme_r.v);
--- remarks
ExtensionInSchema unaccent
TableOfExtension acme_r.of_extension
