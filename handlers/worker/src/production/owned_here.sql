-- What role $1 owns in this database: catalog and OID.
select s.classid, s.objid
  from pg_catalog.pg_shdepend s
  join pg_catalog.pg_roles r on r.oid = s.refobjid
 where s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and s.deptype = 'o' and r.rolname = $1
   and s.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
