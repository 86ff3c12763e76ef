-- Routines of the restored schema $1 whose callers' search path counts, and what else it holds that a bare name may mean.
-- Members of extensions are left out: they don't travel.
with member as (
    select classid, objid from pg_catalog.pg_depend where deptype = 'e'
),
routine as (
    select p.oid, p.proname, p.prosrc, p.proconfig, l.lanname, p.prokind
    from pg_catalog.pg_proc p
    join pg_catalog.pg_language l on l.oid = p.prolang
    where p.pronamespace = (select oid from pg_catalog.pg_namespace where nspname::text = $1)
        and not exists (
            select from member where classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and objid = p.oid
        )
)
select 'body' as what, oid::pg_catalog.regprocedure::text as name, lanname::text as language, prosrc as body
from routine
where lanname in ('sql', 'plpgsql') and prosrc <> '' and prokind in ('f', 'p', 'w')
    and not exists (select from pg_catalog.unnest(proconfig) setting where setting like 'search\_path=%')
union all
-- PostgreSQL's own function of the name is found before any of the path.
select 'routine', proname::text, '', ''
from routine
where not exists (
    select from pg_catalog.pg_proc own
    where own.pronamespace = 'pg_catalog'::pg_catalog.regnamespace and own.proname = routine.proname
)
union all
select 'relation', c.relname::text, '', ''
from pg_catalog.pg_class c
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname::text = $1)
    and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and not exists (
        select from member where classid = 'pg_catalog.pg_class'::pg_catalog.regclass and objid = c.oid
    )
order by what, name
