-- What a role owns, in this database or any other.
select case when d.dbid in (0, (select oid from pg_database where datname = current_database()))
            then pg_describe_object(d.classid, d.objid, d.objsubid)
            else 'an object in another database' end
  from pg_shdepend d
  join pg_roles r on r.oid = d.refobjid
 where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o' and r.rolname = $1
