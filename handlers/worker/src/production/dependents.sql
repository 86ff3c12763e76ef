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
               d.classid in ('pg_publication_rel'::regclass, 'pg_event_trigger'::regclass)
               -- A cast between types that go, or to PostgreSQL's own, came with them.
               or d.classid = 'pg_cast'::regclass and exists (
                   select
                     from pg_cast k
                     join pg_type t on t.oid in (k.castsource, k.casttarget)
                     join pg_namespace n on n.oid = t.typnamespace
                    where k.oid = d.objid and n.nspname not in ($1, 'pg_catalog') and n.nspname <> all ($2)
               )
           else outside.nspname not in ($1, 'pg_toast') and outside.nspname <> all ($2)
       end
   and d.deptype in ('n', 'a')
 order by 1
