//! Sequences, views, routines, types and all else that is no table.

use super::Damage;

pub const DAMAGES: &[Damage] = &[
    Damage {
        made: "create sequence acme.position; select nextval('acme.position')",
        damage: "select setval('acme_r.position', 7)",
        told: &["sequence \"acme_r\".\"position\" stands at 7 (given) instead of 1 (given)"],
    },
    Damage {
        made: "create sequence acme.not_called; select setval('acme.not_called', 5, false)",
        damage: "select setval('acme_r.not_called', 5)",
        told: &["sequence \"acme_r\".\"not_called\" stands at 5 (given) instead of 5 (next)"],
    },
    Damage {
        made: "create sequence acme.steps",
        damage: "alter sequence acme_r.steps increment 2",
        told: &["sequence acme_r.steps is defined otherwise"],
    },
    Damage {
        made: "create sequence acme.bounds",
        damage: "alter sequence acme_r.bounds maxvalue 99 cycle",
        told: &["sequence acme_r.bounds is defined otherwise"],
    },
    Damage {
        made: "create sequence acme.cached cache 20",
        damage: "alter sequence acme_r.cached cache 1",
        told: &["sequence acme_r.cached is defined otherwise"],
    },
    Damage {
        made: "create sequence acme.sized as int",
        damage: "alter sequence acme_r.sized as bigint",
        told: &["sequence acme_r.sized is defined otherwise"],
    },
    Damage {
        made: "create unlogged sequence acme.unlogged",
        damage: "alter sequence acme_r.unlogged set logged",
        told: &["sequence acme_r.unlogged is defined otherwise"],
    },
    Damage {
        made: "create table acme.owns (n serial)",
        damage: "alter sequence acme_r.owns_n_seq owned by none",
        told: &["sequence acme_r.owns_n_seq is defined otherwise"],
    },
    Damage {
        made: "create view acme.view_query as select 1 as n",
        damage: "create or replace view acme_r.view_query as select 2 as n",
        told: &["view acme_r.view_query is defined otherwise"],
    },
    Damage {
        made: "create view acme.view_options with (security_barrier) as select 1 as n",
        damage: "alter view acme_r.view_options reset (security_barrier)",
        told: &["view acme_r.view_options is defined otherwise"],
    },
    Damage {
        made: "create table acme.viewed (n int); create view acme.view_default as select n from acme.viewed;
            alter view acme.view_default alter n set default 1",
        damage: "alter view acme_r.view_default alter n drop default",
        told: &["column acme_r.view_default.n is defined otherwise"],
    },
    Damage {
        made: "create view acme.view_gone as select 1 as n",
        damage: "drop view acme_r.view_gone",
        told: &["column acme_r.view_gone.n is missing", "view acme_r.view_gone is missing"],
    },
    Damage {
        made: "create materialized view acme.emptied as select 1 as n",
        damage: "refresh materialized view acme_r.emptied with no data",
        told: &["filled materialized view acme_r.emptied is defined otherwise"],
    },
    Damage {
        made: "create materialized view acme.query_of as select 1 as n",
        damage: "drop materialized view acme_r.query_of; create materialized view acme_r.query_of as select 1 + 0 as n",
        told: &["materialized view acme_r.query_of is defined otherwise"],
    },
    Damage {
        made: "create function acme.body() returns int language sql as 'select 1'",
        damage: "create or replace function acme_r.body() returns int language sql as 'select 2'",
        told: &["function acme_r.body() is defined otherwise"],
    },
    Damage {
        made: "create function acme.volatility() returns int language sql as 'select 1'",
        damage: "alter function acme_r.volatility() immutable",
        told: &["function acme_r.volatility() is defined otherwise"],
    },
    Damage {
        made: "create function acme.definer() returns int language sql security definer as 'select 1'",
        damage: "alter function acme_r.definer() security invoker",
        told: &["function acme_r.definer() is defined otherwise"],
    },
    Damage {
        made: "create function acme.settings() returns int language sql set work_mem = '1MB' as 'select 1'",
        damage: "alter function acme_r.settings() reset all",
        told: &["function acme_r.settings() is defined otherwise"],
    },
    Damage {
        made: "create function acme.planned(int) returns int language sql as 'select 1'",
        damage: "alter function acme_r.planned(int) strict parallel safe cost 5",
        told: &["function acme_r.planned(integer) is defined otherwise"],
    },
    Damage {
        made: "create function acme.argument(int default 1) returns int language sql as 'select 1'",
        damage: "create or replace function acme_r.argument(int default 2) returns int language sql as 'select 1'",
        told: &["function acme_r.argument(integer) is defined otherwise"],
    },
    Damage {
        made: "create function acme.function_gone() returns int language sql as 'select 1'",
        damage: "drop function acme_r.function_gone(); create function acme_r.function_new() returns int language sql as 'select 1'",
        told: &[
            "function acme_r.function_gone() is missing",
            "function acme_r.function_new() is in production only",
        ],
    },
    Damage {
        made: "create procedure acme.does() language sql as 'select 1'",
        damage: "create or replace procedure acme_r.does() language sql as 'select 2'",
        told: &["procedure acme_r.does() is defined otherwise"],
    },
    Damage {
        made: "create aggregate acme.sums(int) (sfunc = int4pl, stype = int, initcond = '0')",
        damage: "create or replace aggregate acme_r.sums(int) (sfunc = int4pl, stype = int, initcond = '1')",
        told: &["aggregate acme_r.sums(integer) is defined otherwise"],
    },
    Damage {
        made: "create function acme.released() returns int language sql as 'select 1';
            alter function acme.released() depends on extension postgres_fdw",
        damage: "alter function acme_r.released() no depends on extension postgres_fdw",
        told: &["dependence on postgres_fdw function acme_r.released() is missing"],
    },
    Damage {
        made: "create type acme.enumerated as enum ('a', 'b')",
        damage: "alter type acme_r.enumerated add value 'c' before 'b'",
        told: &["type acme_r.enumerated is defined otherwise"],
    },
    Damage {
        made: "create type acme.composed as (n int)",
        damage: "alter type acme_r.composed add attribute o int",
        told: &["type acme_r.composed is defined otherwise"],
    },
    Damage {
        made: "create domain acme.bounded as int default 1 constraint positive check (value > 0)",
        damage: "alter domain acme_r.bounded drop constraint positive; alter domain acme_r.bounded set default 2",
        told: &[
            "constraint positive on acme_r.bounded is missing",
            "type acme_r.bounded is defined otherwise",
        ],
    },
    Damage {
        made: "create domain acme.late as int; alter domain acme.late add constraint positive check (value > 0) not valid",
        damage: "alter domain acme_r.late validate constraint positive; alter domain acme_r.late set not null",
        told: &[
            "constraint positive on acme_r.late is defined otherwise",
            "type acme_r.late is defined otherwise",
        ],
    },
    Damage {
        made: "create type acme.spanned as range (subtype = int4)",
        damage: "drop type acme_r.spanned; create type acme_r.spanned as range (subtype = int8)",
        told: &["type acme_r.spanned is defined otherwise"],
    },
    Damage {
        made: "create table acme.counted (a int, b int); create statistics acme.st on a, b from acme.counted;
            create statistics acme.st_gone on a, b from acme.counted",
        damage: "alter statistics acme_r.st set statistics 9; drop statistics acme_r.st_gone",
        told: &[
            "extended statistics acme_r.st is defined otherwise",
            "extended statistics acme_r.st_gone is missing",
        ],
    },
    Damage {
        made: "create operator acme.## (leftarg = int, rightarg = int, function = int4lt)",
        damage: "alter operator acme_r.## (int, int) set (restrict = eqsel)",
        told: &["operator acme_r.##(integer,integer) is defined otherwise"],
    },
    Damage {
        made: "create collation acme.sorted (provider = icu, locale = 'de')",
        damage: "drop collation acme_r.sorted; create collation acme_r.sorted (provider = icu, locale = 'fr')",
        told: &["collation acme_r.sorted is defined otherwise"],
    },
    Damage {
        made: "create text search configuration acme.words (copy = simple);
            create text search dictionary acme.stems (template = simple)",
        damage: "alter text search configuration acme_r.words drop mapping for asciiword;
            alter text search dictionary acme_r.stems (accept = false)",
        told: &[
            "text search configuration acme_r.words is defined otherwise",
            "text search dictionary acme_r.stems is defined otherwise",
        ],
    },
    Damage {
        made: "create conversion acme.converts for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8",
        damage: "drop conversion acme_r.converts",
        told: &["conversion acme_r.converts is missing"],
    },
    Damage {
        made: "create type acme.weight as (grams int); create cast (acme.weight as text) with inout",
        damage: "drop cast (acme_r.weight as text); create cast (acme_r.weight as text) with inout as assignment",
        told: &["cast (acme_r.weight as text) is defined otherwise"],
    },
];
