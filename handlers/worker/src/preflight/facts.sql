select
    pg_catalog.current_setting('server_version_num')::int4 as server_version,
    pg_catalog.pg_is_in_recovery() as is_replica,
    r.rolcreaterole or r.rolsuper as can_create_roles,
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create') as can_create_schemas,
    array (
        select nspname::text from pg_catalog.pg_namespace where nspname::text = any ($1::text[] || $2::text[]) order by 1
    ) as schemas,
    array (
        select evtname::text from pg_catalog.pg_event_trigger where evtenabled <> 'D' order by 1
    ) as event_triggers,
    array (
        select pubname::text from pg_catalog.pg_publication where puballtables order by 1
    ) as publications_of_all,
    array (
        select slot_name::text from pg_catalog.pg_replication_slots where not active order by 1
    ) as idle_slots,
    array (
        select pg_catalog.format('%s in %s', e.extname, n.nspname)
        from pg_catalog.pg_extension e
        join pg_catalog.pg_namespace n on n.oid = e.extnamespace
        where n.nspname::text = any ($1)
        order by 1
    ) as extensions
from pg_catalog.pg_roles r
where r.rolname = current_user
