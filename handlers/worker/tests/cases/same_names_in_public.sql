-- Objects of the same names in public: a body without a schema finds the tenant's own.
reset role;
create table public.t (id int);
insert into public.t values (99);
create function public.f(int) returns int language sql immutable as 'select 99';
set role olga;
create table acme.t (id int);
insert into acme.t values (1);
create function acme.f(int) returns int language sql immutable as 'select 1';
create function acme.g(x int) returns int language plpgsql immutable as $$begin return f(x) + (select max(id) from t); end$$;
set search_path = acme, public;
create table acme.z (id int);
insert into acme.z values (5);
create index z_g on acme.z (g(id));
create materialized view acme.m as select g(id) as n from acme.z;
reset search_path;
--- holds
select 'by the tenant''s own', (select n = 2 from acme_r.m);
set search_path = acme_r, public;
set enable_seqscan = off;
select 'in the index', (select count(*) = 1 from acme_r.z where g(id) = 2);
--- remarks
ReliesOnSearchPath "acme_r"
