select n.nspname::text as schema, c.relname::text as name, noted.enabled, noted.forced
from tenant_restore_ledger.row_security noted
join pg_catalog.pg_class c on c.oid = noted.table_oid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
order by c.oid
