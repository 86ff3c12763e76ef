-- The foreign keys of the schemas $1. Those that follow from a partitioned parent's come with the parent, but
-- `leaf` ones are needed by themselves when the referenced table is outside.
with recursive inside (type, base) as (
    select oid, typbasetype from pg_type where typtype = 'd'
    union all
    select inside.type, t.typbasetype
      from inside
      join pg_type t on t.oid = inside.base
     where t.typtype = 'd'
), domain as (
    -- Every domain with the type inside it that is none.
    select inside.type, inside.base
      from inside
      join pg_type t on t.oid = inside.base
     where t.typtype <> 'd'
)
select n.nspname::text as schema,
       c.relname::text as "table",
       k.conname::text as name,
       pg_get_constraintdef(k.oid) as definition,
       k.convalidated as validated,
       c.relkind = 'p' as partitioned,
       c.relispartition and k.conparentid <> 0 as inherited,
       referenced_schema.nspname <> all ($1) as outside,
       referenced_schema.nspname::text as referenced_schema,
       referenced.relname::text as referenced_table,
       columns.own,
       columns.referenced,
       columns.comparisons,
       columns.plain
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_class referenced on referenced.oid = k.confrelid
  join pg_namespace referenced_schema on referenced_schema.oid = referenced.relnamespace
  cross join lateral (
      select array_agg(own.attname::text order by pair.position) as own,
             array_agg(other.attname::text order by pair.position) as referenced,
             -- As the key's own check compares them (PostgreSQL's ri_GenerateQual): the path finds no operator here.
             array_agg(
                 format(
                     'parent.%I::%I.%I%s operator(%I.%s) child.%I::%I.%I', other.attname, of_left_schema.nspname, of_left.typname,
                     (select format(' collate %I.%I', collated.nspname, l.collname)
                        from pg_collation l
                        join pg_namespace collated on collated.oid = l.collnamespace
                       where l.oid = other.attcollation and of_left.typcollation <> 0),
                     of_operator.nspname, o.oprname, own.attname, of_right_schema.nspname, of_right.typname
                 ) order by pair.position
             ) as comparisons,
             -- No function of a tenant is called to compare: neither an operator of theirs nor a cast from another type.
             bool_and(
                 (o.oprnamespace = 'pg_catalog'::regnamespace or exists (
                     select from pg_depend e where e.classid = 'pg_operator'::regclass and e.objid = o.oid and e.deptype = 'e'
                 ))
                 and (of_own.oid = coalesce(other_domain.base, other.atttypid) or of_own.typnamespace = 'pg_catalog'::regnamespace)
             ) as plain
        from unnest(k.conkey, k.confkey, k.conpfeqop) with ordinality as pair (own, other, operator, position)
        join pg_operator o on o.oid = pair.operator
        join pg_namespace of_operator on of_operator.oid = o.oprnamespace
        join pg_type of_left on of_left.oid = o.oprleft
        join pg_namespace of_left_schema on of_left_schema.oid = of_left.typnamespace
        join pg_type of_right on of_right.oid = o.oprright
        join pg_namespace of_right_schema on of_right_schema.oid = of_right.typnamespace
        join pg_attribute own on own.attrelid = k.conrelid and own.attnum = pair.own
        join pg_attribute other on other.attrelid = k.confrelid and other.attnum = pair.other
        left join domain own_domain on own_domain.type = own.atttypid
        left join domain other_domain on other_domain.type = other.atttypid
        join pg_type of_own on of_own.oid = coalesce(own_domain.base, own.atttypid)
  ) columns
 where k.contype = 'f' and n.nspname = any ($1)
   -- Of a key to a partitioned table there are further rows for its partitions; only the first names the table itself.
   and not exists (
       select from pg_constraint parent where parent.oid = k.conparentid and parent.conrelid = k.conrelid
   )
 order by k.conparentid <> 0 desc, n.nspname, c.relname, k.conname
