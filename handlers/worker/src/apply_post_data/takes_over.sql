-- Whether every leaf of the partitioned table $2 of schema $1 has a valid foreign key on the columns $3 to table $5 of schema $4.
with recursive tree (oid, relkind) as (
    select c.oid, c.relkind
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2
    union all
    select c.oid, c.relkind
      from tree
      join pg_catalog.pg_inherits i on i.inhparent = tree.oid
      join pg_catalog.pg_class c on c.oid = i.inhrelid
)
select not exists (
           select
             from tree
            where tree.relkind <> 'p'
              and not exists (
                  select
                    from pg_catalog.pg_constraint k
                    join pg_catalog.pg_class referenced on referenced.oid = k.confrelid
                    join pg_catalog.pg_namespace n on n.oid = referenced.relnamespace
                   where k.conrelid = tree.oid and k.contype = 'f' and k.convalidated
                     and n.nspname = $4 and referenced.relname = $5
                     and $3 = (
                         select pg_catalog.array_agg(a.attname::text order by pair.position)
                           from unnest(k.conkey) with ordinality as pair (attnum, position)
                           join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.attnum
                     )
              )
       ) as takes_over
