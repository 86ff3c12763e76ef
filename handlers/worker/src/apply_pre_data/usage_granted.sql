-- Schemas that role $1 may use by a grant of an owner whose rights the current role lacks.
select distinct n.nspname::text, pg_get_userbyid(n.nspowner)::text
  from pg_namespace n
  cross join lateral aclexplode(n.nspacl) entry
  join pg_roles r on r.oid = entry.grantee
 where r.rolname = $1 and n.nspowner <> r.oid and not pg_has_role(n.nspowner, 'usage')
