-- Checks of domains that read a table which comes later, or that the time decides. Inside of a list the values that are there can't
-- be looked at.
create table acme.z_kinds (kind text primary key);
insert into acme.z_kinds values ('x'), ('y');
insert into acme.z_kinds select 'k' || i from generate_series(1, 100000) i;
create function acme.is_kind(k text) returns boolean language plpgsql stable as $$begin return exists (select from acme.z_kinds where kind = k); end$$;
create domain acme.kind as text constraint known check (acme.is_kind(value));
create table acme.a_things (id int, kind acme.kind);
insert into acme.a_things values (1, 'x'), (2, 'y');
create domain acme.kind_in_lists as text constraint known check (acme.is_kind(value));
create table acme.a_lists (kinds acme.kind_in_lists[]);
insert into acme.a_lists values ('{x,y}');
create domain acme.today as date constraint past check (value >= current_date);
create table acme.a_days (day acme.today);
insert into acme.a_days values (current_date);
create function acme.is_short(k text) returns boolean language sql immutable as $$select length(k) < 5$$;
create domain acme.short as text constraint short check (acme.is_short(value));
create type acme.holder as (s acme.short);
create table acme.a_holders (h acme.holder);
insert into acme.a_holders values (row('x'));
insert into acme.a_things select i, 'x' from generate_series(3, 50000) i;
--- later
delete from acme.z_kinds;
--- holds
select 'rows', (select count(*) = 50000 from acme_r.a_things);
select 'valid', (select convalidated from pg_constraint where contypid = 'acme_r.kind'::regtype) and (select convalidated from pg_constraint where contypid = 'acme_r.short'::regtype);
--- remarks
CheckNotValid "known" on "acme_r"."kind_in_lists"
--- ddl

+ ADD CONSTRAINT known CHECK (acme.is_kind(VALUE)) NOT VALID;
+ ALTER DOMAIN acme.kind_in_lists
+ CREATE DOMAIN acme.kind_in_lists AS text;
- CONSTRAINT known CHECK (acme.is_kind(VALUE));
- CREATE DOMAIN acme.kind_in_lists AS text
