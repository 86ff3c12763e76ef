select
    pg_catalog.current_setting('server_version_num')::int4 as server_version,
    pg_catalog.pg_is_in_recovery() as is_replica,
    r.rolcreaterole or r.rolsuper as can_create_roles,
    r.rolsuper as is_superuser,
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create') as can_create_schemas,
    pg_catalog.pg_encoding_to_char(d.encoding)::text as encoding,
    array (
        select nspname::text from pg_catalog.pg_namespace where nspname::text = any ($1::text[] || $2::text[]) order by 1
    ) as schemas,
    array (
        select evtname::text from pg_catalog.pg_event_trigger where evtenabled <> 'D' order by 1
    ) as event_triggers,
    array (
        select pg_catalog.format('%s, a function of role %s', t.evtname, owner.rolname)
        from pg_catalog.pg_event_trigger t
        join pg_catalog.pg_proc p on p.oid = t.evtfoid
        join pg_catalog.pg_roles owner on owner.oid = p.proowner
        where t.evtenabled <> 'D' and not p.prosecdef
            and not owner.rolsuper and owner.rolname <> current_user
        order by 1
    ) as event_triggers_of_others,
    array (
        select pubname::text from pg_catalog.pg_publication where puballtables order by 1
    ) as publications_of_all,
    array (
        select pg_catalog.format('%s in %s', e.extname, n.nspname)
        from pg_catalog.pg_extension e
        join pg_catalog.pg_namespace n on n.oid = e.extnamespace
        where n.nspname::text = any ($1)
        order by 1
    ) as extensions,
    array (
        select distinct pg_catalog.format('%I.%I', ln.nspname, l.collname)
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_class c on c.oid = a.attrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_collation l on l.oid = a.attcollation
        join pg_catalog.pg_namespace ln on ln.oid = l.collnamespace
        where n.nspname::text = any ($1) and a.attnum > 0 and not a.attisdropped
            and l.collversion is not null and l.collversion <> pg_catalog.pg_collation_actual_version(l.oid)
        order by 1
    ) as changed_collations
from pg_catalog.pg_roles r
cross join pg_catalog.pg_database d
where r.rolname = current_user and d.datname = pg_catalog.current_database()
