-- What the schemas $1 use outside of themselves, as production must have it: extensions with their versions, and types,
-- routines and relations of other schemas. Targets of foreign keys are left out: those keys are looked after at the end.
with schema as (
    select oid from pg_catalog.pg_namespace where nspname::text = any ($1)
),
object as (
    select 'pg_catalog.pg_class'::pg_catalog.regclass as class, oid from pg_catalog.pg_class
    where relnamespace in (select oid from schema)
    union all
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, oid from pg_catalog.pg_proc
    where pronamespace in (select oid from schema)
    union all
    select 'pg_catalog.pg_type'::pg_catalog.regclass, oid from pg_catalog.pg_type
    where typnamespace in (select oid from schema)
    union all
    select 'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid from pg_catalog.pg_attrdef d
    join pg_catalog.pg_class c on c.oid = d.adrelid
    where c.relnamespace in (select oid from schema)
    union all
    select 'pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid from pg_catalog.pg_rewrite r
    join pg_catalog.pg_class c on c.oid = r.ev_class
    where c.relnamespace in (select oid from schema)
    union all
    select 'pg_catalog.pg_trigger'::pg_catalog.regclass, t.oid from pg_catalog.pg_trigger t
    join pg_catalog.pg_class c on c.oid = t.tgrelid
    where c.relnamespace in (select oid from schema) and not t.tgisinternal
    union all
    select 'pg_catalog.pg_constraint'::pg_catalog.regclass, oid from pg_catalog.pg_constraint
    where connamespace in (select oid from schema) and contype <> 'f'
),
used as (
    select distinct d.refclassid as class, d.refobjid as oid
    from object o
    join pg_catalog.pg_depend d on d.classid = o.class and d.objid = o.oid and d.deptype in ('n', 'a')
),
extension as (
    select distinct e.extname, e.extversion
    from used u
    join pg_catalog.pg_depend m on m.classid = u.class and m.objid = u.oid and m.deptype = 'e'
        and m.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    join pg_catalog.pg_extension e on e.oid = m.refobjid
    where e.extnamespace not in (select oid from schema)
),
outside as (
    select u.class, u.oid,
        coalesce(c.relnamespace, p.pronamespace, t.typnamespace) as namespace
    from used u
    left join pg_catalog.pg_class c on u.class = 'pg_catalog.pg_class'::pg_catalog.regclass and c.oid = u.oid
    left join pg_catalog.pg_proc p on u.class = 'pg_catalog.pg_proc'::pg_catalog.regclass and p.oid = u.oid
    left join pg_catalog.pg_type t on u.class = 'pg_catalog.pg_type'::pg_catalog.regclass and t.oid = u.oid
)
select 'extension' as kind, extname::text as name, null as schema, extversion as detail from extension
union all
select
    case o.class
        when 'pg_catalog.pg_class'::pg_catalog.regclass then 'relation'
        when 'pg_catalog.pg_proc'::pg_catalog.regclass then 'routine'
        else 'type'
    end,
    (pg_catalog.pg_identify_object(o.class, o.oid, 0)).identity,
    n.nspname::text,
    case o.class
        when 'pg_catalog.pg_proc'::pg_catalog.regclass
            then (select pg_catalog.md5(prosrc) from pg_catalog.pg_proc where oid = o.oid)
        when 'pg_catalog.pg_class'::pg_catalog.regclass then (
            {digest of a relation}
        )
        when 'pg_catalog.pg_type'::pg_catalog.regclass then (
            {digest of a type}
        )
    end
from outside o
join pg_catalog.pg_namespace n on n.oid = o.namespace
where n.oid not in (select oid from schema)
    and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (
        select from pg_catalog.pg_depend m
        where m.classid = o.class and m.objid = o.oid and m.deptype = 'e'
    )
order by kind, name
