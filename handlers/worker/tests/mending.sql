-- Names in every text that a rename doesn't reach and that can be set anew.
create role olga nologin;
grant create on database app to olga;
set role olga;
create schema acme;
create schema "Other-1";
create sequence acme.s;
create sequence "Other-1".s;
create table acme.t (id bigint default nextval(('acme.s'::text)::regclass), word text);
insert into acme.t (word) values ('x');
create domain acme.checked as text check (value <> '' or to_regclass('acme.t'::text) is null);
create domain acme.d as bigint default nextval(('"Other-1".s'::text)::regclass);
create function acme.body(acme int) returns bigint language plpgsql as $f$
declare n bigint; -- é acme.t
begin
  select count(*) into n from ACME.t, "Other-1".u x; perform nextval('"Other-1".s'), 'é', acme.plain();
  return n + acme;
end $f$;
create function acme.plain() returns int language sql as 'select 1';
create text search configuration acme.words (copy = simple);
create procedure acme.pathed() language sql
    set search_path = pg_temp, acme, "Other-1", "$user" set default_text_search_config = 'acme.words' as 'select 1';
create function acme.atomic(n bigint default nextval(('acme.s'::text)::regclass)) returns bigint
begin atomic
    select 1;
    select n + nextval(('acme.s'::text)::regclass);
end;
create function acme.returned() returns bigint language sql return nextval(('acme.s'::text)::regclass);
create function acme.both(n bigint default nextval(('acme.s'::text)::regclass), b text default 'x') returns bigint language sql as
    'select count(*) from acme.t';
create policy own on acme.t using (currval(('acme.s'::text)::regclass) > 0) with check (to_regclass('acme.t') is not null);
create view acme.v with (security_barrier = true) as
    select acme.id, nextval(('acme.s'::text)::regclass) as n, to_regclass('acme.t'::text) as r from acme.t acme with local check option;
create view acme.of_it as select n, '"Other-1".s' as word, currval(('"Other-1".s'::text)::regclass) as c from acme.v;
create materialized view acme.m as select to_regclass('acme.t'::text) is not null as there;
alter table acme.t add constraint sure check (to_regclass('acme.t'::text) is not null);
create trigger conditional before update on acme.t for each row when (old.id <> currval(('acme.s'::text)::regclass))
    execute function suppress_redundant_updates_trigger();
create rule also as on insert to acme.t do also select nextval(('acme.s'::text)::regclass);
alter table acme.t enable always rule also;
reset role;
