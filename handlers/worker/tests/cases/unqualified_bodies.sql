-- Bodies that find their names by the caller's search_path, run by indexes, checks, generated columns and views.
reset role;
create extension unaccent schema public;
create table public.factor (n int);
insert into public.factor values (1000);
set role olga;
set check_function_bodies = off;
create table acme.factor (n int);
insert into acme.factor values (2);
create function acme.times(x int) returns int language sql immutable as $$select x * n from factor$$;
create function acme.plain_text(t text) returns text language sql immutable as $$select unaccent(t)$$;
create function acme.two() returns int language sql immutable as $$select 2$$;
create function acme.doubled(x int) returns int language sql immutable as $$select x * two()$$;
create function acme.nested(x int) returns int language plpgsql immutable as $$begin return times(x); end$$;
set search_path = acme, public;
create table acme.a_used (id int, word text, check (acme.times(id) < 1000), twice int generated always as (acme.doubled(id)) stored);
insert into acme.a_used (id, word) values (1, 'é'), (2, 'ü');
create index on acme.a_used (acme.times(id));
create unique index on acme.a_used (acme.plain_text(word));
create materialized view acme.of_it as select acme.nested(id) as n from acme.a_used;
create statistics acme.on_it on (acme.times(id)), word from acme.a_used;
alter table acme.a_used add constraint later check (acme.nested(id) > 0) not valid;
reset search_path;
--- later
update acme.factor set n = 7;
--- holds
select 'generated', (select array_agg(twice order by id) = '{2,4}' from acme_r.a_used);
select 'materialized', (select sum(n) = 6 from acme_r.of_it);
--- remarks
ReliesOnSearchPath "acme_r"
--- ddl
