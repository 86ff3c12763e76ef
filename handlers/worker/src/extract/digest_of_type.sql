-- How the type o.oid is defined.
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
from pg_catalog.pg_type t where t.oid = o.oid
