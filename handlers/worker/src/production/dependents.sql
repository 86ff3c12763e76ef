-- What depends on objects of schema $1 and lives elsewhere (the schemas $2 excepted): dropping $1 would take it along.
-- A foreign key lives in the schema of its own table; publications, casts and event triggers live in none.
select distinct pg_describe_object(d.classid, d.objid, d.objsubid) as dependent
  from pg_depend d
  join located other on other.classid = d.refclassid and other.objid = d.refobjid
  join pg_namespace inside on inside.oid = other.namespace
  left join located own on own.classid = d.classid and own.objid = d.objid
  left join pg_namespace outside on outside.oid = own.namespace
 where inside.nspname = $1
   and case
           when outside.nspname is null then
               d.classid in ('pg_publication_rel'::regclass, 'pg_cast'::regclass, 'pg_event_trigger'::regclass)
           else outside.nspname not in ($1, 'pg_toast') and outside.nspname <> all ($2)
       end
   and d.deptype in ('n', 'a')
 order by 1
