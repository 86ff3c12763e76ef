-- The owner of the schema or foreign server ($1) of the name $2, if role $3 may not use it.
select pg_get_userbyid(nspowner)::text
  from pg_namespace
 where $1 = 'schema' and nspname = $2 and not has_schema_privilege($3, oid, 'usage')
union all
select pg_get_userbyid(srvowner)::text
  from pg_foreign_server
 where $1 = 'foreign server' and srvname = $2 and not has_server_privilege($3, oid, 'usage')
