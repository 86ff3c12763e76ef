select
    c.oid,
    n.nspname as schema_name,
    c.relname as table_name,
    exists (
        select from pg_index i where i.indrelid = c.oid and i.indisprimary
    ) as has_primary_key
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')
  and n.nspname <> 'information_schema'
  and n.nspname not like 'pg\_%'
order by n.nspname, c.relname
