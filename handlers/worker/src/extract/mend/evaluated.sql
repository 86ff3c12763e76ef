-- Routines in the schemas $1 that have to do with a type that holds values of a domain, in an array, a composite or a range. When
-- PostgreSQL reads the text of such a constant, as the default of an argument, it evaluates the domain's checks, as whoever
-- runs the statement (`domain_in`): a function of the tenant's would run as the master. For a domain itself it does so later.
with recursive part (oid, type, inside) as (
    select p.oid, d.refobjid, false
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
        and d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
    where n.nspname::text = any ($1) and p.pronargdefaults > 0
    union
    select part.oid, held.type, held.inside
    from part
    join pg_catalog.pg_type t on t.oid = part.type
    cross join lateral (
        select t.typbasetype as type, part.inside where t.typtype = 'd'
        union all
        select t.typelem, true where t.typcategory = 'A' and t.typelem <> 0
        union all
        select a.atttypid, true
        from pg_catalog.pg_attribute a
        where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        union all
        -- Multiranges exist since 14; as JSON the missing column is a null.
        select r.rngsubtype, true
        from pg_catalog.pg_range r
        where r.rngtypid = t.oid or (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::pg_catalog.oid = t.oid
    ) held
)
select distinct part.oid
from part
join pg_catalog.pg_type t on t.oid = part.type
where part.inside and t.typtype = 'd'
