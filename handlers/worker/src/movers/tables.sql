select
    c.oid,
    n.nspname as schema,
    c.relname as name,
    case
        when $2 then coalesce(pg_catalog.pg_table_size(c.oid), 0)
        else greatest(c.relpages, 0)::int8 * pg_catalog.current_setting('block_size')::int8
    end as bytes,
    greatest(pg_catalog.pg_stat_get_live_tuples(c.oid), c.reltuples::int8, 0) as rows,
    c.relispartition as is_partition,
    not c.relispartition and exists (
        select from pg_catalog.pg_inherits i where c.oid in (i.inhrelid, i.inhparent)
    ) as inherits,
    c.relrowsecurity or c.relforcerowsecurity as row_security,
    exists (
        select from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype = 'p'
    ) as has_primary_key,
    (pg_catalog.lower(n.nspname::text), pg_catalog.lower(c.relname::text)) in (
        select pg_catalog.lower(m.nspname::text), pg_catalog.lower(o.relname::text)
        from pg_catalog.pg_class o
        join pg_catalog.pg_namespace m on m.oid = o.relnamespace
        where o.relkind in ('r', 'p')
        group by 1, 2
        having pg_catalog.count(*) > 1
    ) as has_namesake,
    exists (
        select from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.condeferrable
    ) as has_deferrable_constraint,
    exists (
        select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique and i.indexprs is not null
    ) as has_unique_expression,
    c.relpersistence = 'u' as unlogged,
    -- Of an operator, an expression records the operator alone and not its function. An extension's owner may add what is theirs
    -- to it, but what a superuser owns nobody else can have changed.
    exists (
        select
        from (
            select 'pg_catalog.pg_class'::pg_catalog.regclass as classid, i.indexrelid as objid
            from pg_catalog.pg_index i where i.indrelid = c.oid
            union all
            select 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid
            from pg_catalog.pg_statistic_ext s where s.stxrelid = c.oid
        ) planned
        join pg_catalog.pg_depend d on d.classid = planned.classid and d.objid = planned.objid
        left join pg_catalog.pg_proc p on d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and p.oid = d.refobjid
        left join pg_catalog.pg_operator o
            on d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass and o.oid = d.refobjid
        join pg_catalog.pg_roles owner on owner.oid = coalesce(p.proowner, o.oprowner)
        where coalesce(p.pronamespace, o.oprnamespace) <> 'pg_catalog'::pg_catalog.regnamespace
            and not (
                owner.rolsuper and exists (
                    select from pg_catalog.pg_depend e
                    where e.classid = d.refclassid and e.objid = d.refobjid and e.deptype = 'e'
                )
            )
    ) as calls_functions,
    (
        select e.extname::text
        from pg_catalog.pg_depend d
        join pg_catalog.pg_extension e on e.oid = d.refobjid
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'
            and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
        limit 1
    ) as extension
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname::text = any ($1) and c.relkind = 'r' and c.relpersistence in ('p', 'u')
order by bytes desc, schema, name
