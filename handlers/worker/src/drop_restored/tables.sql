-- Tables of schema $1 without children, the marker and the ledger excepted, and whether the current role may lock them; at
-- most $2.
select c.relname::text as "table", pg_catalog.pg_has_role(c.relowner, 'usage') as is_lockable
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = $1 and c.relkind in ('r', 'p')
   and c.relname not in ('tenant_restore_marker', 'tenant_restore_ledger')
   and not exists (select from pg_catalog.pg_inherits i where i.inhparent = c.oid)
 order by c.oid desc
 limit $2
