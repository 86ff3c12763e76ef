-- Every object of the schemas $1 that has an owner of its own: how ALTER … OWNER names it, and its owner.
with scope as (
    select oid, nspname from pg_namespace where nspname = any ($1)
)
select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
                      when 'S' then 'sequence' else 'table' end as kind,
       format('%I.%I', scope.nspname, c.relname) as object,
       pg_get_userbyid(c.relowner)::text as owner,
       scope.nspname::text as schema
  from pg_class c
  join scope on scope.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
   and c.relname not in ('tenant_restore_marker', 'tenant_restore_ledger')
   -- A sequence that belongs to a column follows its table.
   and not exists (
       select from pg_depend d
        where c.relkind = 'S' and d.classid = 'pg_class'::regclass and d.objid = c.oid
          and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
   )
union all
select 'routine', p.oid::regprocedure::text, pg_get_userbyid(p.proowner)::text, scope.nspname::text
  from pg_proc p
  join scope on scope.oid = p.pronamespace
 where not exists (
       select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i'
          and d.refclassid = 'pg_type'::regclass
   )
union all
-- Array types and the row types of tables follow; multirange types do since 17 and must be told before.
select 'type', format_type(t.oid, null), pg_get_userbyid(t.typowner)::text, scope.nspname::text
  from pg_type t
  join scope on scope.oid = t.typnamespace
  left join pg_class c on c.oid = t.typrelid
 where (t.typrelid = 0 or c.relkind = 'c')
   and not exists (select from pg_type element where element.typarray = t.oid)
   and (t.typtype <> 'm' or current_setting('server_version_num')::int < 170000)
union all
select 'operator', o.oid::regoperator::text, pg_get_userbyid(o.oprowner)::text, scope.nspname::text
  from pg_operator o
  join scope on scope.oid = o.oprnamespace
union all
select 'operator class', format('%I.%I using %I', scope.nspname, o.opcname, m.amname),
       pg_get_userbyid(o.opcowner)::text, scope.nspname::text
  from pg_opclass o
  join scope on scope.oid = o.opcnamespace
  join pg_am m on m.oid = o.opcmethod
union all
select 'operator family', format('%I.%I using %I', scope.nspname, f.opfname, m.amname),
       pg_get_userbyid(f.opfowner)::text, scope.nspname::text
  from pg_opfamily f
  join scope on scope.oid = f.opfnamespace
  join pg_am m on m.oid = f.opfmethod
union all
select 'collation', format('%I.%I', scope.nspname, l.collname), pg_get_userbyid(l.collowner)::text, scope.nspname::text
  from pg_collation l
  join scope on scope.oid = l.collnamespace
union all
select 'conversion', format('%I.%I', scope.nspname, v.conname), pg_get_userbyid(v.conowner)::text, scope.nspname::text
  from pg_conversion v
  join scope on scope.oid = v.connamespace
union all
select 'statistics', format('%I.%I', scope.nspname, s.stxname), pg_get_userbyid(s.stxowner)::text, scope.nspname::text
  from pg_statistic_ext s
  join scope on scope.oid = s.stxnamespace
union all
select 'text search configuration', format('%I.%I', scope.nspname, f.cfgname), pg_get_userbyid(f.cfgowner)::text,
       scope.nspname::text
  from pg_ts_config f
  join scope on scope.oid = f.cfgnamespace
union all
select 'text search dictionary', format('%I.%I', scope.nspname, d.dictname), pg_get_userbyid(d.dictowner)::text,
       scope.nspname::text
  from pg_ts_dict d
  join scope on scope.oid = d.dictnamespace
 order by 4, 1, 2
