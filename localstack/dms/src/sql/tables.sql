select
    c.oid,
    n.nspname as schema_name,
    c.relname as table_name,
    exists (
        select from pg_index i where i.indrelid = c.oid and i.indisprimary
    ) as has_primary_key,
    exists (
        select from pg_constraint k where k.conrelid = c.oid and k.condeferrable
    ) as has_deferrable_constraint,
    exists (
        select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indexprs is not null
    ) as has_unique_expression
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')
  and n.nspname <> 'information_schema'
  and n.nspname not like 'pg\_%'
order by n.nspname, c.relname
