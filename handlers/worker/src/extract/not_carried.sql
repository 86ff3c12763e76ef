-- What the schemas $1 have, under the names $2 before, and a dump doesn't carry, or not so that it means what it meant.
with recursive schema as (
    select oid from pg_catalog.pg_namespace where nspname::text = any ($1)
), large_object (type) as (
    select 'pg_catalog.oid'::pg_catalog.regtype::pg_catalog.oid
    union
    -- Domains over it, such as lo, arrays, and rows that have such a column.
    select holder.type
      from large_object
      cross join lateral (
          select t.oid from pg_catalog.pg_type t
           where (t.typtype = 'd' and t.typbasetype = large_object.type) or (t.typcategory = 'A' and t.typelem = large_object.type)
          union all
          select c.reltype from pg_catalog.pg_attribute a
            join pg_catalog.pg_class c on c.oid = a.attrelid
           where a.atttypid = large_object.type and a.attnum > 0 and not a.attisdropped and c.reltype <> 0
             and c.relnamespace <> 'pg_catalog'::pg_catalog.regnamespace
      ) as holder (type)
), foreign_option (relation, option) as (
    select f.ftrelid, option from pg_catalog.pg_foreign_table f, pg_catalog.unnest(f.ftoptions) as option
    union all
    select a.attrelid, option from pg_catalog.pg_attribute a, pg_catalog.unnest(a.attfdwoptions) as option
)
select
    'UnloggedTable' as code,
    c.oid::pg_catalog.regclass::text as object,
    'structure only: the rows of an unlogged table don''t survive a recovery' as message
from pg_catalog.pg_class c
where c.relnamespace in (select oid from schema) and c.relkind = 'r' and c.relpersistence = 'u'
union all
select 'UnloggedSequence', c.oid::pg_catalog.regclass::text,
    'it begins anew: the position of an unlogged sequence doesn''t survive a recovery; set it past what is in use'
from pg_catalog.pg_class c
where c.relnamespace in (select oid from schema) and c.relkind = 'S' and c.relpersistence = 'u'
    -- One of an unlogged table begins anew together with its rows.
    and not exists (
        select from pg_catalog.pg_depend d
        join pg_catalog.pg_class owning on owning.oid = d.refobjid and owning.relpersistence = 'u'
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype in ('a', 'i')
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0
    )
union all
select 'TextNamesOldSchema', 'foreign table ' || c.oid::pg_catalog.regclass::text,
    pg_catalog.format(
        'option %s names %s still: the table leads to what it did, which is live if its server is this database',
        pg_catalog.split_part(option, '=', 1), pg_catalog.quote_ident(original)
    )
from pg_catalog.pg_class c
join foreign_option on foreign_option.relation = c.oid
cross join pg_catalog.unnest($2::text[]) as original
where c.relnamespace in (select oid from schema)
    and pg_catalog.strpos(pg_catalog.substr(option, pg_catalog.strpos(option, '=') + 1), original) > 0
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
join large_object on large_object.type = a.atttypid
where c.relnamespace in (select oid from schema) and c.relkind in ('r', 'p')
    and exists (select from pg_catalog.pg_largeobject_metadata)
union all
select 'InvalidIndex', c.oid::pg_catalog.regclass::text,
    'it was invalid, as a concurrent build that failed leaves it, and is not restored'
from pg_catalog.pg_class c
join pg_catalog.pg_index x on x.indexrelid = c.oid
where c.relnamespace in (select oid from schema) and c.relkind = 'i' and not x.indisvalid
union all
select 'SubscriptionNotCarried', r.srrelid::pg_catalog.regclass::text,
    'subscription ' || pg_catalog.quote_ident(s.subname) || ' writes into the live table; the restored one is in no subscription'
from pg_catalog.pg_subscription_rel r
join pg_catalog.pg_subscription s on s.oid = r.srsubid
join pg_catalog.pg_class c on c.oid = r.srrelid
where c.relnamespace in (select oid from schema)
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
