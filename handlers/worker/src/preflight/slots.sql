-- Replication slots that hold back log; those that were invalidated hold none.
select
    slot_name::text as name,
    active,
    case
        when pg_catalog.pg_is_in_recovery() then 0
        else greatest(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn), 0)::int8
    end as kept
from pg_catalog.pg_replication_slots
where restart_lsn is not null
order by name
