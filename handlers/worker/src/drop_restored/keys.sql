-- The foreign keys of the schemas $1 to tables of others that the current role may drop: it must own the table, and of a
-- partitioned one the partitions too, which it does as long as nothing was handed over ($2). Their keys go with their parent's.
select n.nspname::text as schema,
       c.relname::text as "table",
       k.conname::text as name,
       of_live.nspname::text as live_schema,
       live.relname::text as live_table,
       pg_catalog.has_schema_privilege(of_live.oid, 'usage')
       and pg_catalog.has_table_privilege(live.oid, 'update, delete, truncate') as may_lock_live
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_class live on live.oid = k.confrelid
  join pg_catalog.pg_namespace of_live on of_live.oid = live.relnamespace
 where k.contype = 'f' and k.conparentid = 0 and n.nspname = any ($1) and of_live.nspname <> all ($1)
   and pg_catalog.pg_has_role(c.relowner, 'usage') and ($2 or c.relkind <> 'p')
 order by 1, 2, 3
