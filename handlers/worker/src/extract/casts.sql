-- The casts from or to types of the schemas $1, members of extensions and those made along with range types excepted:
-- the statement, and what it needs in the archive.
with own as (
    select t.oid, t.typrelid from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where n.nspname::text = any ($1)
)
select
    pg_catalog.format(
        'CREATE CAST (%s AS %s) %s%s;', pg_catalog.format_type(k.castsource, null),
        pg_catalog.format_type(k.casttarget, null),
        case k.castmethod
            when 'f' then 'WITH FUNCTION ' || k.castfunc::pg_catalog.regprocedure
            when 'i' then 'WITH INOUT'
            else 'WITHOUT FUNCTION'
        end,
        case k.castcontext when 'i' then ' AS IMPLICIT' when 'a' then ' AS ASSIGNMENT' else '' end
    ) as statement,
    pg_catalog.format(
        '(%s AS %s)', pg_catalog.format_type(k.castsource, null), pg_catalog.format_type(k.casttarget, null)
    ) as tag,
    k.oid as oid,
    pg_catalog.obj_description(k.oid, 'pg_cast') as comment,
    -- A table's row type is in the archive as the table.
    array(select o.oid from own o where o.oid in (k.castsource, k.casttarget)
        union all select o.typrelid from own o where o.oid in (k.castsource, k.casttarget)
        union all select k.castfunc) as needs
from pg_catalog.pg_cast k
where exists (select from own o where o.oid in (k.castsource, k.casttarget))
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass and d.objid = k.oid and d.deptype in ('e', 'i')
    )
order by tag
