-- The transactions of others that hold locks of the modes $3 on the tables $2 of the schemas $1 or on partitions of these,
-- and whether each holds none but $4.
with recursive tables (oid) as (
    select c.oid
      from unnest($1::text[], $2::text[]) as live (schema, name)
      join pg_catalog.pg_namespace n on n.nspname = live.schema
      join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = live.name
    union
    select i.inhrelid
      from tables
      join pg_catalog.pg_inherits i on i.inhparent = tables.oid
)
select l.virtualtransaction as transaction, bool_and(l.mode = $4) as is_maintenance
  from pg_catalog.pg_locks l
  join tables on tables.oid = l.relation
 where l.locktype = 'relation' and l.granted and l.mode = any ($3)
   and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
   -- A prepared transaction has no process.
   and l.pid is distinct from pg_catalog.pg_backend_pid()
 group by 1
