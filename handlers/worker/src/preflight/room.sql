-- $1: the live schemas, $2: whether to measure them, which takes a brief lock on each table.
with relation as (
    select c.oid, c.relkind, c.reltoastrelid, c.relpages
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname::text = any ($1)
),
pages as (
    select relpages from relation
    union all
    select t.relpages from relation r join pg_catalog.pg_class t on t.oid = r.reltoastrelid
)
select
    case
        when $2 then (
            select coalesce(sum(pg_catalog.pg_total_relation_size(oid)), 0)::int8 from relation where relkind in ('r', 'm')
        )
        else (select coalesce(sum(greatest(relpages, 0)), 0)::int8 from pages)
            * pg_catalog.current_setting('block_size')::int8
    end as schemas,
    -- Without the right to look into a database its size is refused.
    (
        select coalesce(sum(pg_catalog.pg_database_size(d.oid)), 0)::int8
        from pg_catalog.pg_database d
        where pg_catalog.has_database_privilege(d.oid, 'connect')
            or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
    ) as databases,
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_wal_size')) as most_log,
    pg_catalog.current_setting('max_connections')::int4 as most_connections,
    (
        select sum(setting::int4)::int4
        from pg_catalog.pg_settings
        where name in ('superuser_reserved_connections', 'reserved_connections', 'rds.rds_superuser_reserved_connections')
    ) as reserved_connections,
    (
        select count(*)::int4 from pg_catalog.pg_stat_activity where backend_type = 'client backend'
    ) as used_connections,
    -- The documentation of max_locks_per_transaction has this formula.
    pg_catalog.current_setting('max_locks_per_transaction')::int8 * (
        pg_catalog.current_setting('max_connections')::int8
        + pg_catalog.current_setting('max_prepared_transactions')::int8
    ) as locks,
    (select count(*) from pg_catalog.pg_locks where not fastpath) as held_locks,
    (select count(*) from relation where relkind in ('r', 'p')) as tables,
    (
        select count(*) + 2 * count(*) filter (where reltoastrelid <> 0) from relation
    ) as relations
