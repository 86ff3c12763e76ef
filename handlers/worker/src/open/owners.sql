-- Every object of the schemas $1 that has an owner of its own: how ALTER … OWNER names it, and its owner. Members of extensions
-- have owners of their own and don't travel.
with scope as (
    select oid, nspname from pg_namespace where nspname = any ($1)
), object (class, oid, kind, title, owner, namespace) as (
    select 'pg_class'::regclass, c.oid,
           case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
                          when 'S' then 'sequence' else 'table' end,
           format('%I.%I', scope.nspname, c.relname), c.relowner, scope.nspname
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
    select 'pg_proc'::regclass, p.oid, 'routine', p.oid::regprocedure::text, p.proowner, scope.nspname
      from pg_proc p
      join scope on scope.oid = p.pronamespace
     where not exists (
           select from pg_depend d
            where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i'
              and d.refclassid = 'pg_type'::regclass
       )
    union all
    -- Array types and the row types of tables follow; multirange types do since 17 and must be told before.
    select 'pg_type'::regclass, t.oid, 'type', format_type(t.oid, null), t.typowner, scope.nspname
      from pg_type t
      join scope on scope.oid = t.typnamespace
      left join pg_class c on c.oid = t.typrelid
     where (t.typrelid = 0 or c.relkind = 'c')
       and not exists (select from pg_type element where element.typarray = t.oid)
       and (t.typtype <> 'm' or current_setting('server_version_num')::int < 170000)
    union all
    select 'pg_operator'::regclass, o.oid, 'operator', o.oid::regoperator::text, o.oprowner, scope.nspname
      from pg_operator o
      join scope on scope.oid = o.oprnamespace
    union all
    select 'pg_opclass'::regclass, o.oid, 'operator class', format('%I.%I using %I', scope.nspname, o.opcname, m.amname),
           o.opcowner, scope.nspname
      from pg_opclass o
      join scope on scope.oid = o.opcnamespace
      join pg_am m on m.oid = o.opcmethod
    union all
    select 'pg_opfamily'::regclass, f.oid, 'operator family', format('%I.%I using %I', scope.nspname, f.opfname, m.amname),
           f.opfowner, scope.nspname
      from pg_opfamily f
      join scope on scope.oid = f.opfnamespace
      join pg_am m on m.oid = f.opfmethod
    union all
    select 'pg_collation'::regclass, l.oid, 'collation', format('%I.%I', scope.nspname, l.collname), l.collowner, scope.nspname
      from pg_collation l
      join scope on scope.oid = l.collnamespace
    union all
    select 'pg_conversion'::regclass, v.oid, 'conversion', format('%I.%I', scope.nspname, v.conname), v.conowner, scope.nspname
      from pg_conversion v
      join scope on scope.oid = v.connamespace
    union all
    select 'pg_statistic_ext'::regclass, s.oid, 'statistics', format('%I.%I', scope.nspname, s.stxname), s.stxowner, scope.nspname
      from pg_statistic_ext s
      join scope on scope.oid = s.stxnamespace
    union all
    select 'pg_ts_config'::regclass, f.oid, 'text search configuration', format('%I.%I', scope.nspname, f.cfgname), f.cfgowner,
           scope.nspname
      from pg_ts_config f
      join scope on scope.oid = f.cfgnamespace
    union all
    select 'pg_ts_dict'::regclass, d.oid, 'text search dictionary', format('%I.%I', scope.nspname, d.dictname), d.dictowner,
           scope.nspname
      from pg_ts_dict d
      join scope on scope.oid = d.dictnamespace
)
select kind, title as object, pg_get_userbyid(owner)::text as owner, namespace::text as schema
  from object
 where not exists (
       select from pg_depend d where d.classid = object.class and d.objid = object.oid and d.deptype = 'e'
   )
 order by 4, 1, 2
