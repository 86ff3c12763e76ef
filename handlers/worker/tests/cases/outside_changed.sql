-- Foreign keys to live tables, whose rows and columns have gone since; a function outside that has changed.
reset role;
create schema shared;
grant usage on schema shared to public;
create table shared.country (code text primary key);
create table shared.dropped (id int primary key);
create table shared.closed (id int primary key);
insert into shared.country values ('de'), ('fr');
insert into shared.dropped values (1);
insert into shared.closed values (1);
grant references, select on all tables in schema shared to olga;
create function shared.f() returns int language sql immutable as 'select 1';
alter table shared.country owner to master;
alter table shared.dropped owner to master;
alter table shared.closed owner to auditor;
create domain shared.code as text check (value <> '');
create type shared.level as enum ('low', 'high');
create view shared.names as select 1 as one;
set role olga;
create table acme.typed (c shared.code, l shared.level);
insert into acme.typed values ('x', 'low');
create view acme.reading as select one from shared.names;
create table acme.t (id int primary key, country text references shared.country, d int references shared.dropped, c int references shared.closed, n int default shared.f());
insert into acme.t values (1, 'de', 1, 1), (2, 'fr', 1, 1), (3, null, null, null);
create table acme.tree (id int, country text references shared.country) partition by range (id);
create table acme.tree_1 partition of acme.tree for values from (0) to (10);
insert into acme.tree values (1, 'de');
create view acme.v as select shared.f() as one;
--- later
delete from acme.t where country = 'fr';
delete from shared.country where code = 'fr';
drop table shared.dropped cascade;
alter domain shared.code add check (value <> 'y');
alter type shared.level add value 'higher';
create or replace view shared.names as select 1 as one, 2 as two;
create or replace function shared.f() returns int language sql immutable as 'select 2';
--- remarks
OutsideChanged shared.f()
OutsideChanged shared.code
OutsideChanged shared.level
OutsideChanged shared.names
ForeignKeyNotValid "t_country_fkey" on "acme_r"."t"
ForeignKeyLeftOut "t_d_fkey" on "acme_r"."t"
ForeignKeyLeftOut "t_c_fkey" on "acme_r"."t"
--- ddl
- ADD CONSTRAINT t_country_fkey FOREIGN KEY (country) REFERENCES shared.country(code);
+ ADD CONSTRAINT t_country_fkey FOREIGN KEY (country) REFERENCES shared.country(code) NOT VALID;
- ADD CONSTRAINT t_c_fkey FOREIGN KEY (c) REFERENCES shared.closed(id);
- ADD CONSTRAINT t_d_fkey FOREIGN KEY (d) REFERENCES shared.dropped(id);
- ALTER TABLE ONLY acme.t
- ALTER TABLE ONLY acme.t
