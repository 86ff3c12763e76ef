-- A table of the schemas $1, without children, that refers to tables of others, with these tables.
select n.nspname::text as schema,
       c.relname::text as "table",
       pg_catalog.array_agg(of_live.nspname::text order by live.oid) as live_schemas,
       pg_catalog.array_agg(live.relname::text order by live.oid) as live_tables
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_class live on live.oid = k.confrelid
  join pg_catalog.pg_namespace of_live on of_live.oid = live.relnamespace
 where k.contype = 'f' and n.nspname = any ($1) and of_live.nspname <> all ($1)
   and not exists (select from pg_catalog.pg_inherits i where i.inhparent = c.oid)
 group by n.nspname, c.relname
 order by 1, 2
 limit 1
