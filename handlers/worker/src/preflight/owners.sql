-- Who owns something of the schemas $1. Members of extensions stay with their extension; what belongs to another object
-- follows it.
with schema as (
    select oid, nspowner from pg_catalog.pg_namespace where nspname::text = any ($1)
),
object as (
    select 'pg_catalog.pg_class'::pg_catalog.regclass as class, c.oid, c.relowner as owner
    from pg_catalog.pg_class c where c.relnamespace in (select oid from schema)
    union all
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.proowner
    from pg_catalog.pg_proc p where p.pronamespace in (select oid from schema)
    union all
    select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.typowner
    from pg_catalog.pg_type t where t.typnamespace in (select oid from schema)
),
owner as (
    select nspowner as oid from schema
    union
    select o.owner
    from object o
    where not exists (
        select
        from pg_catalog.pg_depend d
        where d.classid = o.class and d.objid = o.oid and d.deptype in ('e', 'i')
    )
)
select r.rolname::text as name
from owner
join pg_catalog.pg_roles r on r.oid = owner.oid
order by name
