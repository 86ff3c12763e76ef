with schema as (
    select oid from pg_catalog.pg_namespace where nspname::text = any ($1)
)
select
    'UnloggedTable' as code,
    c.oid::pg_catalog.regclass::text as object,
    'structure only: the rows of an unlogged table don''t survive a recovery' as message
from pg_catalog.pg_class c
where c.relnamespace in (select oid from schema) and c.relkind = 'r' and c.relpersistence = 'u'
union all
select 'ForeignTable', c.oid::pg_catalog.regclass::text,
    'structure only: its rows are on foreign server ' || pg_catalog.quote_ident(s.srvname)
from pg_catalog.pg_class c
join pg_catalog.pg_foreign_table f on f.ftrelid = c.oid
join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
where c.relnamespace in (select oid from schema)
union all
select 'ExtensionInSchema', pg_catalog.quote_ident(e.extname),
    'the extension lives in a restored schema and isn''t restored; what uses it uses the one in the live schema'
from pg_catalog.pg_extension e
where e.extnamespace in (select oid from schema)
union all
select 'TableOfExtension', c.oid::pg_catalog.regclass::text,
    'it belongs to extension ' || pg_catalog.quote_ident(e.extname) || ' and is not restored'
from pg_catalog.pg_class c
join pg_catalog.pg_depend d on d.objid = c.oid and d.deptype = 'e'
    and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
join pg_catalog.pg_extension e on e.oid = d.refobjid
where c.relnamespace in (select oid from schema) and c.relkind in ('r', 'p')
union all
select 'LargeObjectColumn', c.oid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(a.attname),
    'if its values name large objects, the restored rows name the live ones: large objects belong to no schema'
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
where c.relnamespace in (select oid from schema) and c.relkind in ('r', 'p')
    and t.typname in ('oid', 'lo') and exists (select from pg_catalog.pg_largeobject_metadata)
union all
select 'CastNotCarried', pg_catalog.format('(%s as %s)', k.castsource::pg_catalog.regtype, k.casttarget::pg_catalog.regtype),
    'casts belong to no schema, so a dump of schemas doesn''t carry them'
from pg_catalog.pg_cast k
where exists (
        select from pg_catalog.pg_type t
        where t.oid in (k.castsource, k.casttarget) and t.typnamespace in (select oid from schema)
    )
    -- of an extension, or made along with a range type to its multirange
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass and d.objid = k.oid and d.deptype in ('e', 'i')
    )
union all
select 'ParentOutside', c.oid::pg_catalog.regclass::text,
    'its parent ' || p.oid::pg_catalog.regclass::text || ' is in a schema that isn''t restored; it would hang on the live one'
from pg_catalog.pg_inherits i
join pg_catalog.pg_class c on c.oid = i.inhrelid
join pg_catalog.pg_class p on p.oid = i.inhparent
where c.relkind in ('r', 'p', 'f') and c.relnamespace in (select oid from schema)
    and p.relnamespace not in (select oid from schema)
union all
select 'ChildOutside', p.oid::pg_catalog.regclass::text,
    'its child ' || c.oid::pg_catalog.regclass::text || ' is in a schema that isn''t restored; rows there are missing'
from pg_catalog.pg_inherits i
join pg_catalog.pg_class c on c.oid = i.inhrelid
join pg_catalog.pg_class p on p.oid = i.inhparent
where c.relkind in ('r', 'p', 'f') and p.relnamespace in (select oid from schema)
    and c.relnamespace not in (select oid from schema)
union all
select 'EventTriggerNotCarried', pg_catalog.quote_ident(t.evtname),
    'it calls ' || p.oid::pg_catalog.regprocedure::text || '; event triggers belong to no schema and stay with the live one'
from pg_catalog.pg_event_trigger t
join pg_catalog.pg_proc p on p.oid = t.evtfoid
where p.pronamespace in (select oid from schema)
order by code, object
