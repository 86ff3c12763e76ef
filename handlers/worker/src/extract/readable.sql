-- The relations of the schemas $1 that hold or show rows. Not members of extensions: those belong to whom the master may not
-- act for, and they don't travel.
select n.nspname::text, c.relname::text
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname::text = any ($1) and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by 1, 2
