-- Names in the schemas that belong to an extension, and whether an object of the tenant has the same name.
with object as (
    select 'pg_catalog.pg_type'::pg_catalog.regclass as class, oid, typname as name, typnamespace as schema
    from pg_catalog.pg_type
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass, oid, relname, relnamespace from pg_catalog.pg_class
    union all
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, oid, proname, pronamespace from pg_catalog.pg_proc
    union all
    select 'pg_catalog.pg_operator'::pg_catalog.regclass, oid, oprname, oprnamespace from pg_catalog.pg_operator
    union all
    select 'pg_catalog.pg_opclass'::pg_catalog.regclass, oid, opcname, opcnamespace from pg_catalog.pg_opclass
    union all
    select 'pg_catalog.pg_opfamily'::pg_catalog.regclass, oid, opfname, opfnamespace from pg_catalog.pg_opfamily
    union all
    select 'pg_catalog.pg_collation'::pg_catalog.regclass, oid, collname, collnamespace from pg_catalog.pg_collation
    union all
    select 'pg_catalog.pg_ts_config'::pg_catalog.regclass, oid, cfgname, cfgnamespace from pg_catalog.pg_ts_config
    union all
    select 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, oid, dictname, dictnamespace from pg_catalog.pg_ts_dict
)
select
    n.nspname::text as schema,
    o.name::text as name,
    pg_catalog.bool_or(d.objid is null) as also_own
from object o
join pg_catalog.pg_namespace n on n.oid = o.schema
left join pg_catalog.pg_depend d on d.classid = o.class and d.objid = o.oid and d.deptype = 'e'
where n.nspname::text = any ($1)
group by n.nspname, o.name
having pg_catalog.bool_or(d.objid is not null)
