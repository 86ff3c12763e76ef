-- The checks of tables in the schemas $1 that call functions of theirs, by name or as operators, or that the time, the user or a
-- setting decides, which rows of long ago or of others need not meet any more; those of parents first; and checks of domains
-- that do so by a function which isn't immutable. NOT VALID ones come after the rows in any case. What a check calls of PostgreSQL's own is in no pg_depend, but in its tree.
select 'table' as kind,
       n.nspname::text as schema,
       c.relname::text as holder,
       k.conname::text as name,
       pg_get_constraintdef(k.oid) as definition,
       k.coninhcount as depth,
       k.oid
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
 where k.contype = 'c' and k.conislocal and k.convalidated and c.relkind in ('r', 'p') and n.nspname = any ($1)
   and (exists (
       select from pg_depend d
         left join pg_proc p on d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid
         left join pg_operator o on d.refclassid = 'pg_operator'::regclass and o.oid = d.refobjid
         join pg_namespace of_called on of_called.oid = coalesce(p.pronamespace, o.oprnamespace)
        where d.classid = 'pg_constraint'::regclass and d.objid = k.oid and of_called.nspname = any ($1)
   ) or k.conbin::text like '%{SQLVALUEFUNCTION %' or exists (
       select from regexp_matches(k.conbin::text, ':(?:funcid|opfuncid) (\d+)', 'g') called (id)
         join pg_proc p on p.oid = called.id[1]::oid
        where p.provolatile <> 'i'
   ))
union all
select 'domain', n.nspname::text, t.typname::text, k.conname::text, pg_get_constraintdef(k.oid), 0, k.oid
  from pg_constraint k
  join pg_type t on t.oid = k.contypid
  join pg_namespace n on n.oid = t.typnamespace
 where k.contype = 'c' and k.convalidated and n.nspname = any ($1)
   and not exists (select from pg_depend e where e.classid = 'pg_type'::regclass and e.objid = t.oid and e.deptype = 'e')
   and (k.conbin::text like '%{SQLVALUEFUNCTION %' or exists (
       select from regexp_matches(k.conbin::text, ':(?:funcid|opfuncid) (\d+)', 'g') called (id)
         join pg_proc p on p.oid = called.id[1]::oid
        where p.provolatile <> 'i'
   ))
 order by depth, oid
