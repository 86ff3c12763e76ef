-- Tables of schema $1 without children whose foreign keys lead to tables of other schemas; at most $2.
select distinct c.relname::text
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_class referenced on referenced.oid = k.confrelid
 where k.contype = 'f' and n.nspname = $1 and referenced.relnamespace <> n.oid
   and c.relname not in ('tenant_restore_marker', 'tenant_restore_ledger')
   and not exists (select from pg_inherits i where i.inhparent = c.oid)
 order by 1
 limit $2
