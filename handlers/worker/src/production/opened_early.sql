-- Who else may use those of the schemas $1 that the login role $2 owns; a grantee without a name is PUBLIC.
select distinct n.nspname::text, case when entry.grantee <> 0 then pg_get_userbyid(entry.grantee)::text end
  from pg_namespace n
  join pg_roles r on r.oid = n.nspowner
  cross join lateral aclexplode(n.nspacl) entry
 where n.nspname = any ($1) and r.rolname = $2 and entry.grantee <> n.nspowner
