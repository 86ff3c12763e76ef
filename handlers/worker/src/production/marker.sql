-- The marker proves, by its owner and the comment that is set with it, that the schema was made by this restore. The ledger says
-- what is done. Both are dropped last, by mode open.
create table {schema}.tenant_restore_marker (
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
