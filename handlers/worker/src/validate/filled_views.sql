-- The materialized views of the schemas $1 that hold something.
select n.nspname::text, c.relname::text
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = any ($1) and c.relkind = 'm' and c.relispopulated
 order by 1, 2
