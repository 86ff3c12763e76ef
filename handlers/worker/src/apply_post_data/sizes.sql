-- The tables and materialized views of the schemas $1: bytes without indexes, of a partitioned one with all its leaves.
select n.nspname::text as schema,
       c.relname::text as name,
       case
           when c.relkind = 'p' then (
               select coalesce(sum(pg_table_size(leaf.relid)), 0)::int8 from pg_partition_tree(c.oid) leaf where leaf.isleaf
           )
           else pg_table_size(c.oid)
       end as bytes
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = any ($1) and c.relkind in ('r', 'p', 'm')
