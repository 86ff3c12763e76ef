-- What the opening adds to the schemas $1: policies, comments and default privileges, by kind and name.
-- Continues the query of `located.sql`.
select 'policy' as kind,
       format('%I on %s', p.polname, p.polrelid::regclass) as name,
       concat_ws(
           ' ', case when p.polpermissive then 'permissive' else 'restrictive' end, p.polcmd,
           (select string_agg(coalesce(r.rolname, 'public'), ', ' order by r.rolname)
              from unnest(p.polroles) role (oid) left join pg_roles r on r.oid = role.oid),
           'using ' || pg_get_expr(p.polqual, p.polrelid), 'with check ' || pg_get_expr(p.polwithcheck, p.polrelid)
       ) as definition
  from pg_policy p
  join pg_class c on c.oid = p.polrelid
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = any ($1)
union all
select 'comment', concat_ws(' ', 'on', object.type, object.identity), d.description
  from pg_description d
  join located own on own.classid = d.classoid and own.objid = d.objoid
  join pg_namespace n on n.oid = own.namespace
  cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) object
 where n.nspname = any ($1)
   and not exists (
       select from pg_depend e where e.classid = d.classoid and e.objid = d.objoid and e.deptype = 'e'
   )
   -- It proves that the schema is ours, and goes.
   and not (d.classoid = 'pg_class'::regclass and exists (
       select from pg_class marker where marker.oid = d.objoid and marker.relname = 'tenant_restore_marker'
   ))
union all
select 'default privileges', format('of %I in %I for %s', pg_get_userbyid(a.defaclrole), n.nspname, a.defaclobjtype),
       (select string_agg(item::text, ' ' order by item::text) from unnest(a.defaclacl) item)
  from pg_default_acl a
  join pg_namespace n on n.oid = a.defaclnamespace
 where n.nspname = any ($1)
 order by 1, 2
