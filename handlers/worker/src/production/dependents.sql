-- What depends on objects of the schemas $1 and lives elsewhere (the schemas $2 excepted), with the schema that it needs:
-- dropping that would take it along. A foreign key lives in the schema of its own table; publications, casts and event
-- triggers live in none. The casts $3, as pg_dump names them, came with the schemas.
select distinct inside.nspname::text as schema, pg_describe_object(d.classid, d.objid, d.objsubid) as dependent
  from pg_depend d
  join located other on other.classid = d.refclassid and other.objid = d.refobjid
  join pg_namespace inside on inside.oid = other.namespace
  left join located own on own.classid = d.classid and own.objid = d.objid
  left join pg_namespace outside on outside.oid = own.namespace
 where inside.nspname = any ($1)
   and case
           when outside.nspname is null then
               d.classid in (
                   'pg_publication_rel'::regclass,
                   'pg_event_trigger'::regclass,
                   'pg_transform'::regclass,
                   'pg_language'::regclass,
                   'pg_foreign_data_wrapper'::regclass,
                   -- Since 15.
                   to_regclass('pg_catalog.pg_publication_namespace')
               )
               -- So did a cast between types that go, or to PostgreSQL's own.
               or d.classid = 'pg_cast'::regclass and exists (
                   select
                     from pg_cast k
                     join pg_type t on t.oid in (k.castsource, k.casttarget)
                     join pg_namespace n on n.oid = t.typnamespace
                    where k.oid = d.objid and n.nspname <> 'pg_catalog' and n.nspname <> all ($1) and n.nspname <> all ($2)
                      and format('(%s AS %s)', format_type(k.castsource, null), format_type(k.casttarget, null)) <> all ($3)
               )
           else outside.nspname <> 'pg_toast' and outside.nspname <> all ($1) and outside.nspname <> all ($2)
       end
   and d.deptype in ('n', 'a')
 order by 1, 2
