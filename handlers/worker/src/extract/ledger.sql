-- `if not exists` is for a second run on the same temporary database; production never sees this schema.
create schema if not exists tenant_restore_ledger;
create table if not exists tenant_restore_ledger.renamed (
    restore_id text primary key,
    renamed_at timestamptz not null default pg_catalog.now(),
    -- What was mended along with the rename; a second run reports it again.
    mending json not null
);
create table if not exists tenant_restore_ledger.row_security (
    table_oid oid primary key,
    enabled boolean not null,
    forced boolean not null
);
