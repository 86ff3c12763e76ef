-- The primary keys in the schemas $1.
select n.nspname::text, c.relname::text, k.conname::text
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
 where k.contype = 'p' and n.nspname = any ($1)
