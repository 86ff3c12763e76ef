-- Schemas and foreign servers that role $1 may use by a grant of an owner whose rights the current role lacks.
select distinct thing.what, thing.name::text, pg_get_userbyid(thing.owner)::text
  from (
      select 'schema' as what, nspname as name, nspowner as owner, nspacl as acl from pg_namespace
      union all
      select 'foreign server', srvname, srvowner, srvacl from pg_foreign_server
  ) thing
  cross join lateral aclexplode(thing.acl) entry
  join pg_roles r on r.oid = entry.grantee
 where r.rolname = $1 and thing.owner <> r.oid and not pg_has_role(thing.owner, 'usage')
