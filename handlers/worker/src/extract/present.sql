-- What production has of that which restored schemas may need: its extensions, and what is in the schemas $1.
-- By identity and not by name resolution, which takes USAGE on the schema.
select 'extension' as kind, extname::text as name, extversion as detail from pg_catalog.pg_extension
union all
select 'relation', (pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 0)).identity,
    (
        select pg_catalog.md5(pg_catalog.string_agg(
            pg_catalog.concat_ws(' ', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ',' order by a.attnum
        ))
        from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    )
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname::text = any ($1)
union all
select
    'routine', (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0)).identity,
    pg_catalog.md5(p.prosrc)
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname::text = any ($1)
union all
select 'type', (pg_catalog.pg_identify_object('pg_catalog.pg_type'::pg_catalog.regclass, type.oid, 0)).identity,
    (
        select pg_catalog.md5(pg_catalog.concat_ws(
            ' ', t.typtype, pg_catalog.format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typnotnull, t.typdefault,
            (select pg_catalog.string_agg(e.enumlabel, ',' order by e.enumsortorder)
                from pg_catalog.pg_enum e where e.enumtypid = t.oid),
            (select pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(k.oid), ',' order by k.conname)
                from pg_catalog.pg_constraint k where k.contypid = t.oid),
            (select pg_catalog.string_agg(
                    pg_catalog.concat_ws(' ', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ',' order by a.attnum)
                from pg_catalog.pg_attribute a
                where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)
        ))
        from pg_catalog.pg_type t where t.oid = type.oid
    )
from pg_catalog.pg_type type
join pg_catalog.pg_namespace n on n.oid = type.typnamespace
where n.nspname::text = any ($1)
