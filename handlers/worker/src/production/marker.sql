-- Proves that the schema was made by this restore, and says what is done. Dropped last, by mode open.
create table {schema}.tenant_restore_marker (
    restore_id text not null,
    attempt integer not null,
    schema_oid oid not null,
    opening boolean not null default false,
    created_at timestamptz not null default now()
);
create table {schema}.tenant_restore_ledger (
    step text primary key,
    rows bigint,
    bytes bigint,
    exception text,
    -- The first block of each piece of a table that is copied piece by piece.
    beginnings bigint[],
    done_at timestamptz not null default clock_timestamp()
);
