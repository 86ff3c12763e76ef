-- What role $1 owns outside of the schemas $2. What lives in no schema, a large object or default privileges, is outside.
select case when d.dbid in (0, (select oid from pg_database where datname = current_database()))
            then pg_describe_object(d.classid, d.objid, d.objsubid)
            else 'an object in another database' end
  from pg_shdepend d
  join pg_roles r on r.oid = d.refobjid
  -- What has no owner of its own isn't looked for: a plan without statistics reads all of it for each object that is owned.
  left join located own
    on own.classid = d.classid and own.objid = d.objid
   and own.classid not in ('pg_attrdef'::regclass, 'pg_trigger'::regclass, 'pg_rewrite'::regclass, 'pg_policy'::regclass)
  left join pg_namespace n on n.oid = own.namespace
 where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o' and r.rolname = $1
   and not (d.dbid = (select oid from pg_database where datname = current_database())
            and coalesce(n.nspname = any ($2) or n.nspname like 'pg\_toast%' or n.nspname like 'pg\_temp%', false))
   -- Default privileges in one of the schemas go with it.
   and not (d.classid = 'pg_default_acl'::regclass and exists (
           select
             from pg_default_acl a
             join pg_namespace of_default on of_default.oid = a.defaclnamespace
            where a.oid = d.objid and of_default.nspname = any ($2)
       ))
