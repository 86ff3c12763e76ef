-- How the relation o.oid is defined: its columns.
select pg_catalog.md5(pg_catalog.string_agg(
    pg_catalog.concat_ws(' ', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ',' order by a.attnum
))
from pg_catalog.pg_attribute a
where a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
