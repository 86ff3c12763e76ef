-- What lives in the schemas $1 and isn't of this restore: the login role $2 doesn't own it, nor is it among the objects that
-- the role handed over (catalogs $3, OIDs $4). A part of an object, such as an index, a trigger or a row type, goes with it.
select n.nspname::text as schema,
       pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) as object
  from pg_catalog.pg_depend d
  join pg_catalog.pg_namespace n on n.oid = d.refobjid
 where d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and n.nspname = any ($1)
   -- The functions of a range type are the type's, and belong to the superuser.
   and not exists (
       select from pg_catalog.pg_depend part
        where part.classid = d.classid and part.objid = d.objid and part.deptype = 'i'
   )
   and not exists (
       select
         from pg_catalog.pg_shdepend s
         join pg_catalog.pg_roles r on r.oid = s.refobjid
        where s.classid = d.classid and s.objid = d.objid and s.deptype = 'o'
          and s.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
          and s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and r.rolname = $2
   )
   and not exists (
       select from unnest($3::oid[], $4::oid[]) as handed (classid, objid)
        where handed.classid = d.classid and handed.objid = d.objid
   )
   -- Default privileges are made after the objects were handed over, by the roles that they are of.
   and not (d.classid = 'pg_catalog.pg_default_acl'::pg_catalog.regclass and cardinality($3::oid[]) > 0)
 order by 1, 2
