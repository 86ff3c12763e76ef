-- The checks of tables in the schemas $1 that call functions of theirs, those of parents first. NOT VALID ones come after
-- the rows in any case.
select n.nspname::text as schema,
       c.relname::text as "table",
       k.conname::text as name,
       pg_get_constraintdef(k.oid) as definition
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
 where k.contype = 'c' and k.conislocal and k.convalidated and c.relkind in ('r', 'p') and n.nspname = any ($1)
   and exists (
       select from pg_depend d
         join pg_proc p on p.oid = d.refobjid
         join pg_namespace of_function on of_function.oid = p.pronamespace
        where d.classid = 'pg_constraint'::regclass and d.objid = k.oid
          and d.refclassid = 'pg_proc'::regclass and of_function.nspname = any ($1)
   )
 order by k.coninhcount, k.oid
