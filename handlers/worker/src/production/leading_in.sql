-- What lives outside of the schemas $1 and depends on objects in them, as long as nobody may use them. A cast of a type that is in
-- them came with the type, and default privileges in them belong to them.
select distinct pg_describe_object(d.classid, d.objid, d.objsubid) as dependent
  from pg_depend d
  join located other on other.classid = d.refclassid and other.objid = d.refobjid
  join pg_namespace inside on inside.oid = other.namespace
  left join located own on own.classid = d.classid and own.objid = d.objid
  left join pg_namespace outside on outside.oid = own.namespace
 where inside.nspname = any ($1)
   and case
           when outside.nspname is not null then outside.nspname <> 'pg_toast' and outside.nspname <> all ($1)
           when d.classid = 'pg_cast'::regclass then not exists (
               select
                 from pg_cast k
                 join pg_type t on t.oid in (k.castsource, k.casttarget)
                 join pg_namespace n on n.oid = t.typnamespace
                where k.oid = d.objid and n.nspname = any ($1)
           )
           else d.classid in ('pg_publication_rel'::regclass, 'pg_event_trigger'::regclass)
       end
   and d.deptype in ('n', 'a')
 order by 1
