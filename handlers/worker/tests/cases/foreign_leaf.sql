-- Trees with a leaf on a foreign server, which nobody reaches: its rows are nobody's business.
reset role;
create extension postgres_fdw;
create server elsewhere foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1', dbname 'nowhere');
grant usage on foreign data wrapper postgres_fdw to olga;
alter server elsewhere owner to olga;
set role olga;
create table acme.tree (id int, at date) partition by range (id);
create table acme.near partition of acme.tree for values from (0) to (10);
create foreign table acme.far partition of acme.tree for values from (10) to (20) server elsewhere;
insert into acme.tree values (1, '2024-01-01');
create table acme.base (id int);
create foreign table acme.child () inherits (acme.base) server elsewhere;
insert into acme.base values (1);
create index on acme.near (at);
--- holds
select 'rows', (select count(*) = 1 from acme_r.near) and (select count(*) = 1 from only acme_r.base);
--- remarks
ForeignTable acme_r.child
ForeignTable acme_r.far
NotAnalyzed "acme_r"."base"
NotAnalyzed "acme_r"."tree"
