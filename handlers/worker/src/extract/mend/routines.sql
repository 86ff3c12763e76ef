-- Routines of the restored schemas, with what a rename doesn't reach: source text and settings. A body in SQL's own
-- syntax (BEGIN ATOMIC) is stored parsed and follows. Members of extensions are left out: they don't travel.
select
    p.oid,
    p.oid::pg_catalog.regprocedure::text as object,
    pg_catalog.array_prepend(p.proname::text, p.proargnames) as names,
    p.prosrc as body,
    p.pronargdefaults > 0 as has_defaults,
    case when l.lanname in ('sql', 'plpgsql') and p.prosrc <> '' then pg_catalog.pg_get_functiondef(p.oid) end
        as definition,
    coalesce(p.proconfig, '{}') as settings
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where n.nspname::text = any ($1)
    and p.prokind in ('f', 'p', 'w')
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e'
    )
order by object
