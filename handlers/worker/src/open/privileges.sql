-- Every privilege in the schemas $1, the built-in defaults included, members of extensions excepted: on what, of whom, from whom, to whom. A grantee
-- without a name is PUBLIC.
with scope as (
    select oid, nspname, nspacl, nspowner from pg_namespace where nspname = any ($1)
), member as (
    select classid, objid from pg_depend where deptype = 'e'
), holder (schema, class, object, "column", owner, acl) as (
    select nspname, 'schema', format('%I', nspname), null::text, nspowner, coalesce(nspacl, acldefault('n', nspowner))
      from scope
    union all
    select scope.nspname, case c.relkind when 'S' then 'sequence' else 'table' end,
           format('%I.%I', scope.nspname, c.relname), null, c.relowner,
           coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
      from pg_class c
      join scope on scope.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
       and c.relname not in ('tenant_restore_marker', 'tenant_restore_ledger')
       and not exists (select from member where classid = 'pg_class'::regclass and objid = c.oid)
    union all
    select scope.nspname, 'table', format('%I.%I', scope.nspname, c.relname), quote_ident(a.attname), c.relowner, a.attacl
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid
      join scope on scope.oid = c.relnamespace
     where a.attnum > 0 and not a.attisdropped and a.attacl is not null
       and c.relkind in ('r', 'p', 'v', 'm', 'f')
       and not exists (select from member where classid = 'pg_class'::regclass and objid = c.oid)
    union all
    select scope.nspname, 'routine', p.oid::regprocedure::text, null, p.proowner,
           coalesce(p.proacl, acldefault('f', p.proowner))
      from pg_proc p
      join scope on scope.oid = p.pronamespace
     where not exists (
           select from pg_depend d
            where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i'
              and d.refclassid = 'pg_type'::regclass
       )
       and not exists (select from member where classid = 'pg_proc'::regclass and objid = p.oid)
    union all
    select scope.nspname, 'type', format_type(t.oid, null), null, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
      from pg_type t
      join scope on scope.oid = t.typnamespace
      left join pg_class c on c.oid = t.typrelid
     where (t.typrelid = 0 or c.relkind = 'c')
       and t.typtype <> 'm'
       and not exists (select from member where classid = 'pg_type'::regclass and objid = t.oid)
       and not exists (select from pg_type element where element.typarray = t.oid)
)
select holder.schema::text,
       holder.class,
       holder.object,
       holder."column",
       pg_get_userbyid(holder.owner)::text as owner,
       pg_get_userbyid(entry.grantor)::text as grantor,
       case when entry.grantee <> 0 then pg_get_userbyid(entry.grantee)::text end as grantee,
       entry.privilege_type as privilege,
       entry.is_grantable as grantable
  from holder
  cross join lateral aclexplode(holder.acl) as entry
