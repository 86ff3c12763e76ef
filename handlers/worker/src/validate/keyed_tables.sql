-- The ordinary tables of the schemas $1 with a primary key: its columns, and the table's bytes on disk without indexes.
select n.nspname::text as schema,
       c.relname::text as name,
       pg_catalog.pg_table_size(c.oid) as bytes,
       (select pg_catalog.array_agg(a.attname::text order by a.attnum)
          from pg_catalog.pg_attribute a
         where a.attrelid = c.oid and a.attnum = any (k.conkey)) as key
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
 where n.nspname = any ($1) and c.relkind = 'r'
