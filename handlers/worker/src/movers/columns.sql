select
    c.oid,
    a.attname as name,
    tn.nspname as type_schema,
    case
        when t.typelem <> 0 and t.typlen = -1 and e.typarray = t.oid then e.typname::text || '[]'
        else t.typname::text
    end as type_name,
    a.atttypmod as modifier,
    a.attidentity::text as identity,
    a.attgenerated::text as generated
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
join pg_catalog.pg_namespace tn on tn.oid = t.typnamespace
left join pg_catalog.pg_type e on e.oid = t.typelem
where n.nspname::text = any ($1) and c.relkind = 'r'
order by c.oid, a.attnum
