-- The schema, and whether it has a marker table that can only be ours: an ordinary table owned by the loader.
select n.oid,
       exists (
           select
             from pg_class c
             join pg_roles r on r.oid = c.relowner
            where c.relnamespace = n.oid and c.relname = $2 and c.relkind = 'r' and r.rolname = $3
       ) as marked
  from pg_namespace n
 where n.nspname = $1
