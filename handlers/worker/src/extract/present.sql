-- What production has of that which restored schemas may need: its extensions, and what is in the schemas $1.
-- By identity and not by name resolution, which takes USAGE on the schema.
select 'extension' as kind, extname::text as name, extversion as detail from pg_catalog.pg_extension
union all
select 'relation', (pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, o.oid, 0)).identity,
    (
        {digest of a relation}
    )
from pg_catalog.pg_class o
join pg_catalog.pg_namespace n on n.oid = o.relnamespace
where n.nspname::text = any ($1)
union all
select
    'routine', (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0)).identity,
    pg_catalog.md5(p.prosrc)
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname::text = any ($1)
union all
select 'type', (pg_catalog.pg_identify_object('pg_catalog.pg_type'::pg_catalog.regclass, o.oid, 0)).identity,
    (
        {digest of a type}
    )
from pg_catalog.pg_type o
join pg_catalog.pg_namespace n on n.oid = o.typnamespace
where n.nspname::text = any ($1)
