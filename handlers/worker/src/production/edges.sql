-- What objects of the schemas $1 depend on in other schemas: the other schema, the depending object,
-- and whether what it depends on belongs to an extension.
select distinct outside.nspname as outside,
       pg_describe_object(d.classid, d.objid, d.objsubid) as dependent,
       exists (
           select from pg_depend e
            where e.classid = d.refclassid and e.deptype = 'e'
              -- An array type belongs to an extension through its element.
              and e.objid in (d.refobjid, (select t.typelem from pg_type t where d.refclassid = 'pg_type'::regclass and t.oid = d.refobjid))
       ) as to_extension
  from pg_depend d
  join located own on own.classid = d.classid and own.objid = d.objid
  join pg_namespace inside on inside.oid = own.namespace
  join located other on other.classid = d.refclassid and other.objid = d.refobjid
  join pg_namespace outside on outside.oid = other.namespace
 where inside.nspname = any ($1)
   and outside.nspname <> all ($1)
   and outside.nspname not in ('pg_catalog', 'pg_toast', 'information_schema')
 order by 1, 2
