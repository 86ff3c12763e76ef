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
    'it calls ' || p.oid::pg_catalog.regprocedure::text || '; casts belong to no schema, and this one between types outside stays with the live function'
from pg_catalog.pg_cast k
join pg_catalog.pg_proc p on p.oid = k.castfunc
join pg_catalog.pg_type source on source.oid = k.castsource
join pg_catalog.pg_type target on target.oid = k.casttarget
where p.pronamespace in (select oid from schema)
    and source.typnamespace not in (select oid from schema) and target.typnamespace not in (select oid from schema)
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass and d.objid = k.oid and d.deptype = 'e'
    )
union all
select 'PublicationNotCarried', pg_catalog.quote_ident(u.pubname),
    'it publishes tables of the live schema; the restored ones are in no publication'
from pg_catalog.pg_publication u
where not u.puballtables
    and exists (
        select from pg_catalog.pg_publication_tables t
        join pg_catalog.pg_namespace n on n.nspname = t.schemaname
        where t.pubname = u.pubname and n.oid in (select oid from schema)
    )
union all
select 'EventTriggerNotCarried', pg_catalog.quote_ident(t.evtname),
    'it calls ' || p.oid::pg_catalog.regprocedure::text || '; event triggers belong to no schema and stay with the live one'
from pg_catalog.pg_event_trigger t
join pg_catalog.pg_proc p on p.oid = t.evtfoid
where p.pronamespace in (select oid from schema)
order by code, object
