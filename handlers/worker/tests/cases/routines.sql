-- Bodies and settings of routines that name the schema in every way that can be decided.
create table acme.t (id int primary key, word text);
insert into acme.t values (1, 'then');
create type acme.pair as (a int, b text);
create function acme.plain() returns text language sql stable as $$select word from acme.t$$;
create function acme.quoted() returns text language sql stable as $$select word from "acme"."t" /* acme.t */ -- acme.t
$$;
create function acme.upper_case() returns text language sql stable as $$SELECT WORD FROM ACME.T$$;
create function acme.atomic(n int default 1) returns text language sql stable begin atomic select word from acme.t where id = n; end;
create function acme.returning_atomic() returns text return (select max(word) from acme.t);
create function acme.unqualified() returns text language sql stable set search_path = acme, pg_temp as $$select word from t$$;
create function acme.quoted_path() returns text language plpgsql stable set search_path = "acme", "$user", public as $$begin return (select word from t); end$$;
create function acme.definer() returns text language sql stable security definer set search_path to 'acme', 'pg_temp' as $$select word from t$$;
create function acme.settings() returns text language plpgsql set work_mem = '1MB' set search_path = acme set application_name = 'of acme' as $$begin return current_setting('application_name'); end$$;
create function acme.types() returns text language plpgsql as $$
declare
    r acme.t%rowtype;
    w acme.t.word%type;
    p acme.pair;
    c cursor for select * from acme.t;
    d cursor (n int) is select word from acme.t where id = n;
    e refcursor;
begin
    open c; fetch c into r; close c;
    open d(1); fetch d into w; close d;
    open e for select word from acme.t; close e;
    p := row(1, w)::acme.pair;
    perform acme.plain();
    for r in select * from acme.t loop null; end loop;
    return (p).b || r.word || acme.atomic(1);
end$$;
create function acme.literals() returns text language plpgsql as $$
begin
    perform nextval('acme.s');
    perform 'acme.t'::regclass;
    return to_regclass('acme.t')::text;
end$$;
create sequence acme.s;
create function acme.aliases() returns text language sql stable as $$select acme.word from acme.t acme where acme.id = 1$$;
create function acme.variable(acme acme.pair) returns text language plpgsql as $$begin return acme.b; end$$;
create function acme.tenant() returns text language sql stable as $$select current_setting('acme.tenant', true)$$;
create procedure acme.change(inout n int) language plpgsql as $$begin update acme.t set word = word where id = n; n := (select count(*) from acme.t); commit; end$$;
create function acme.path_inside() returns text language plpgsql as $$begin set local search_path to acme, public; return (select word from t); end$$;
create function acme.path_config() returns text language plpgsql as $$begin perform set_config('search_path', 'acme, public', true); return (select word from t); end$$;
create function acme.variadic_default(text default 'acme.t', variadic int[] default '{1}') returns int language sql as $$select 1$$;
create function acme.polymorphic(anyelement, anyarray) returns anyelement language sql immutable parallel safe cost 7 as 'select $1';
create function acme.setof_rows() returns setof acme.t language sql rows 7 as $$select * from acme.t$$;
--- later
update acme.t set word = 'now';
--- holds
select 'plain', acme_r.plain() = 'then';
select 'quoted', acme_r.quoted() = 'then';
select 'upper case', acme_r.upper_case() = 'then';
select 'atomic', acme_r.atomic() = 'then' and acme_r.returning_atomic() = 'then';
select 'search path', acme_r.unqualified() = 'then' and acme_r.quoted_path() = 'then' and acme_r.definer() = 'then';
select 'settings', acme_r.settings() = 'of acme';
select 'types and cursors', acme_r.types() = 'thenthenthen';
select 'literals', acme_r.literals() = 'acme_r.t';
select 'sequence', (select is_called from acme_r.s) and not (select is_called from acme.s);
select 'alias', acme_r.aliases() = 'then';
select 'variable', acme_r.variable(row(1, 'x')) = 'x';
call acme_r.change(1);
select 'path set inside', acme_r.path_inside() = 'then' and acme_r.path_config() = 'then';
--- remarks
FunctionNamesOldSchema acme_r.variadic_default(text,integer[])
--- ddl
# Names are written as the restored schema's, quoted where that is needed.
- AS $$SELECT WORD FROM ACME.T$$;
+ AS $$SELECT WORD FROM acme.T$$;
--- mentions
AS $$select word from acme_r."t" /* acme.t */ -- acme.t
AS $$select acme.word from acme_r.t acme where acme.id = 1$$;
AS $$begin return acme.b; end$$;
AS $$select current_setting('acme.tenant', true)$$;
CREATE FUNCTION acme_r.variadic_default(text DEFAULT 'acme.t'::text, VARIADIC integer[] DEFAULT '{1}'::integer[]) RETURNS integer
SET application_name TO 'of acme'
