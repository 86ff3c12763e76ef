-- Literals that may name the schema without a dot behind it: in statements, patterns, lists and JSON. All are told, none is
-- changed; what is plainly a sentence isn't.
set check_function_bodies = off;
create table acme.t (id int primary key);
create function acme.drops() returns void language plpgsql as $$begin execute 'drop schema if exists acme cascade'; end$$;
create function acme.grants() returns void language plpgsql as $$begin execute 'grant usage on schema public, acme to clerk'; end$$;
create function acme.grants_in() returns void language plpgsql as $$begin execute 'grant select on all tables in schema acme to clerk'; end$$;
create function acme.by_pattern() returns setof text language sql as $$select nspname::text from pg_namespace where nspname ~ '^acme$'$$;
create function acme.by_like() returns setof text language sql as $$select nspname::text from pg_namespace where nspname like 'acme%'$$;
create function acme.by_regex() returns setof text language sql as $$select oid::regclass::text from pg_class where oid::regclass::text ~ '^acme\.'$$;
create function acme.by_array() returns bigint language sql as $$select count(*) from pg_tables where schemaname = any ('{acme,public}')$$;
create function acme.by_json() returns jsonb language sql as $$select '{"schema": "acme"}'::jsonb$$;
create function acme.escaped() returns void language plpgsql as $$begin execute E'truncate\nacme.t'; end$$;
create function acme.connects() returns text language sql as $$select 'dbname=x options=-csearch_path=acme'::text$$;
create function acme.privileges() returns boolean language sql as $$select has_table_privilege('acme.t', 'select') and to_regtype('acme.t[]') is not null and pg_indexes_size('acme.t') > 0$$;
create function acme.grants_now() returns void language plpgsql as $$begin grant usage on schema public, acme to clerk; end$$;
create function acme.sentence() returns text language sql as $$select 'the acme company'::text$$;
--- later
drop table acme.t;
--- holds
select 'names as arguments', acme_r.privileges();
select acme_r.grants_now();
select 'named in a list of schemas', has_schema_privilege('clerk', 'acme_r', 'usage') and not has_schema_privilege('clerk', 'acme', 'usage');
--- remarks
FunctionNamesOldSchema acme_r.by_array()
FunctionNamesOldSchema acme_r.by_json()
FunctionNamesOldSchema acme_r.by_like()
FunctionNamesOldSchema acme_r.by_pattern()
FunctionNamesOldSchema acme_r.by_regex()
FunctionNamesOldSchema acme_r.connects()
FunctionNamesOldSchema acme_r.drops()
FunctionNamesOldSchema acme_r.escaped()
FunctionNamesOldSchema acme_r.grants()
FunctionNamesOldSchema acme_r.grants_in()
--- mentions
AS $$select 'dbname=x options=-csearch_path=acme'::text$$;
