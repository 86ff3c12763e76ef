-- Of PostgreSQL 15 and later.
select
    datcollversion is not null and datcollversion <> pg_catalog.pg_database_collation_actual_version(oid) as changed
from pg_catalog.pg_database
where datname = pg_catalog.current_database()
