with noted as (
    insert into tenant_restore_ledger.row_security (table_oid, enabled, forced)
    select c.oid, c.relrowsecurity, c.relforcerowsecurity
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname::text = any ($1) and c.relkind in ('r', 'p') and (c.relrowsecurity or c.relforcerowsecurity)
    returning table_oid
)
select n.nspname::text as schema, c.relname::text as name
from noted
join pg_catalog.pg_class c on c.oid = noted.table_oid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
order by c.oid
