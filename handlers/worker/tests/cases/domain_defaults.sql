-- Defaults of domains that name the schema's own types, sequences and functions.
create type acme.mood as enum ('sad', 'ok');
create domain acme.mooded as acme.mood default 'ok';
create domain acme.moods as acme.mood[] default '{ok}'::acme.mood[];
create sequence acme.s;
create domain acme.numbered as bigint default nextval('acme.s');
create function acme.f() returns int language sql immutable as 'select 5';
create domain acme.computed as int default acme.f();
create type acme.pair as (a int, m acme.mood);
create domain acme.paired as acme.pair default row(1, 'ok')::acme.pair check ((value).a > 0);
create table acme.t (a acme.mooded, b acme.moods, c acme.numbered, d acme.computed, e acme.paired);
insert into acme.t default values;
--- holds
insert into acme_r.t default values;
select 'values', (select count(*) = 2 and max(c) = 2 and max(d) = 5 and max(e::text) = '(1,ok)' from acme_r.t);
select 'live''s stands', (select last_value = 1 from acme.s);
