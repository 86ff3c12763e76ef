select
    (
        pg_catalog.current_setting('max_connections')::int4
        - (
            select sum(setting::int4)
            from pg_catalog.pg_settings
            where name in ('superuser_reserved_connections', 'reserved_connections', 'rds.rds_superuser_reserved_connections')
        )
        - (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend')
    )::int4 as connections_left
