-- The ordinary tables in the schemas $1: columns to copy, how their values can travel, and where they are loaded.
-- A leaf goes through its tree's root if any table of the tree is partitioned by hash: rows may belong to another leaf
-- after a restore, because the hash of an enum or a text depends on OIDs and collations. The leaves beside a hash
-- partitioned branch go with it, since loading the root begins with emptying all of the tree.
with recursive candidate as (
    select c.oid, n.nspname, c.relname, c.relam
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any ($1) and c.relkind = 'r'
), travelling as (
    select a.attrelid, a.attname, a.attnum, a.atttypid
      from pg_attribute a
      join candidate on candidate.oid = a.attrelid
     where a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
), part (attrelid, type) as (
    select attrelid, atttypid from travelling
    union
    select part.attrelid, inside.type
      from part
      join pg_type t on t.oid = part.type
      cross join lateral (
          select t.typelem as type where t.typelem <> 0
          union all
          select t.typbasetype where t.typbasetype <> 0
          union all
          select a.atttypid
            from pg_attribute a
           where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
          union all
          -- Multiranges exist since 14; as JSON the missing column is a null.
          select r.rngsubtype
            from pg_range r
           where r.rngtypid = t.oid or (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid
      ) inside
), binary_forms as (
    select part.attrelid,
           -- An empty tsquery is sent, but refused when it is received (tsqueryrecv).
           bool_and(t.typsend <> 0 and t.typreceive <> 0
                    and not (t.typnamespace = 'pg_catalog'::regnamespace and t.typname ~ '^_?(reg[a-z]+|tsquery)$')) as portable,
           bool_or(t.oid >= 16384 and (t.typcategory = 'A' or t.typtype = 'c')) as nests_user_types
      from part
      join pg_type t on t.oid = part.type
     group by part.attrelid
), hash_root as (
    select candidate.oid, root.nspname, root.relname
      from candidate
      join lateral (
          select n.nspname, c.relname
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
           where c.oid = pg_partition_root(candidate.oid)
             and exists (
                 select
                   from pg_partition_tree(c.oid) as member
                   join pg_partitioned_table p on p.partrelid = member.relid
                  where p.partstrat = 'h'
             )
      ) root on true
)
select candidate.nspname::text as schema,
       candidate.relname::text as name,
       coalesce(
           (select array_agg(attname::text order by attnum) from travelling where attrelid = candidate.oid),
           '{}'
       ) as columns,
       -- Only of a heap is a row's place known to be a block and a number.
       case
           when candidate.relam = (select oid from pg_am where amname = 'heap')
               then pg_relation_size(candidate.oid) / current_setting('block_size')::int8
           else 0
       end as blocks,
       pg_table_size(candidate.oid) as bytes,
       coalesce(binary_forms.portable, true) as portable,
       coalesce(binary_forms.nests_user_types, false) as nests_user_types,
       hash_root.nspname::text as root_schema,
       hash_root.relname::text as root_name
  from candidate
  left join binary_forms on binary_forms.attrelid = candidate.oid
  left join hash_root on hash_root.oid = candidate.oid
 order by 1, 2
