//! Objects of others, in a restored schema or depending on one.

/// What somebody else may have made, how it is named in the refusal, and how it goes again.
pub const OBJECTS: &[(&str, &str, &str)] = &[
    // In the schema.
    (
        "create table acme_r.mine (id int)",
        "table acme_r.mine",
        "drop table acme_r.mine",
    ),
    (
        "create table acme_r.mine (id bigint references acme_r.customer)",
        "table acme_r.mine",
        "drop table acme_r.mine",
    ),
    (
        "create table acme_r.mine () inherits (acme_r.of_master)",
        "table acme_r.mine",
        "drop table acme_r.mine",
    ),
    (
        "create view acme_r.peek as select id from acme_r.customer",
        "view acme_r.peek",
        "drop view acme_r.peek",
    ),
    (
        "create materialized view acme_r.kept as select 1 as one",
        "materialized view acme_r.kept",
        "drop materialized view acme_r.kept",
    ),
    (
        "create sequence acme_r.mine",
        "sequence acme_r.mine",
        "drop sequence acme_r.mine",
    ),
    (
        "create function acme_r.mine() returns int language sql as 'select 1'",
        "function acme_r.mine()",
        "drop function acme_r.mine()",
    ),
    (
        "create procedure acme_r.mine() language sql as 'select 1'",
        "acme_r.mine()",
        "drop procedure acme_r.mine()",
    ),
    (
        "create type acme_r.mine as enum ('a')",
        "type acme_r.mine",
        "drop type acme_r.mine",
    ),
    (
        "create type acme_r.mine as (a int)",
        "type acme_r.mine",
        "drop type acme_r.mine",
    ),
    (
        "create domain acme_r.mine as acme_r.percent",
        "type acme_r.mine",
        "drop domain acme_r.mine",
    ),
    (
        "create statistics acme_r.mine (dependencies) on id, name from acme_r.customer",
        "statistics object acme_r.mine",
        "drop statistics acme_r.mine",
    ),
    (
        "create collation acme_r.mine from \"C\"",
        "collation acme_r.mine",
        "drop collation acme_r.mine",
    ),
    (
        "create text search configuration acme_r.mine (copy = simple)",
        "text search configuration acme_r.mine",
        "drop text search configuration acme_r.mine",
    ),
    (
        "create operator acme_r.=== (leftarg = int, rightarg = int, function = int4eq)",
        "operator acme_r.===(integer,integer)",
        "drop operator acme_r.=== (int, int)",
    ),
    (
        "create extension hstore schema acme_r",
        "extension hstore",
        "drop extension hstore",
    ),
    (
        "alter default privileges in schema acme_r grant select on tables to clerk",
        "default privileges",
        "alter default privileges in schema acme_r revoke select on tables from clerk",
    ),
    (
        "create publication mine for tables in schema acme_r",
        "publication mine",
        "drop publication mine",
    ),
    // Outside of it.
    (
        "create publication mine for table acme_r.customer",
        "publication mine",
        "drop publication mine",
    ),
    (
        "create view neighbour.peek as select id from acme_r.customer",
        "view neighbour.peek",
        "drop view neighbour.peek",
    ),
    (
        "create table neighbour.mine (id bigint references acme_r.customer)",
        "table neighbour.mine",
        "drop table neighbour.mine",
    ),
    (
        "create table neighbour.mine (state acme_r.status)",
        "table neighbour.mine",
        "drop table neighbour.mine",
    ),
    (
        "create table neighbour.mine (n bigint default nextval('acme_r.numbers'))",
        "table neighbour.mine",
        "drop table neighbour.mine",
    ),
    (
        "create table neighbour.mine () inherits (acme_r.of_master)",
        "table neighbour.mine",
        "drop table neighbour.mine",
    ),
    (
        "create table neighbour.mine partition of acme_r.ledger for values from ('2030-01-01') to ('2031-01-01')",
        "table neighbour.mine",
        "drop table neighbour.mine",
    ),
    (
        "create table neighbour.mine (n int check (acme_r.plus_one(n) > 0))",
        "table neighbour.mine",
        "drop table neighbour.mine",
    ),
    (
        "create index mine on neighbour.precious (acme_r.plus_one(id))",
        "index neighbour.mine",
        "drop index neighbour.mine",
    ),
    (
        "create function neighbour.mine(acme_r.status) returns int language sql as 'select 1'",
        "function neighbour.mine",
        "drop function neighbour.mine",
    ),
    (
        "create function neighbour.mine() returns setof acme_r.customer language sql as 'select * from acme_r.customer'",
        "function neighbour.mine",
        "drop function neighbour.mine",
    ),
    (
        "create function neighbour.mine() returns bigint begin atomic select count(*) from acme_r.customer; end",
        "function neighbour.mine",
        "drop function neighbour.mine",
    ),
    (
        "create trigger mine before update on neighbour.precious for each row execute function acme_r.stamp()",
        "trigger mine on table neighbour.precious",
        "drop trigger mine on neighbour.precious",
    ),
    (
        "create policy mine on neighbour.precious using (acme_r.plus_one(id) > 0)",
        "policy mine on table neighbour.precious",
        "drop policy mine on neighbour.precious",
    ),
    (
        "create rule mine as on insert to neighbour.precious do also insert into acme_r.of_master values (new.id)",
        "rule mine on table neighbour.precious",
        "drop rule mine on neighbour.precious",
    ),
    (
        "create domain neighbour.mine as acme_r.percent",
        "type neighbour.mine",
        "drop domain neighbour.mine",
    ),
    (
        "create type neighbour.mine as enum ('new'); create cast (neighbour.mine as acme_r.status) with inout",
        "cast from neighbour.mine to acme_r.status",
        "drop type neighbour.mine cascade",
    ),
    (
        "create function acme_r.fires() returns event_trigger language plpgsql as 'begin end'; alter function acme_r.fires() owner to \"tr-main-abcdefghij23\"; create event trigger mine on sql_drop when tag in ('DROP SERVER') execute function acme_r.fires()",
        "event trigger mine",
        "drop event trigger mine",
    ),
];
