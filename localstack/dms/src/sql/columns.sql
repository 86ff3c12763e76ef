select
    a.attrelid as table_oid,
    a.attname as column_name,
    base.type_name,
    base.type_kind,
    base.type_category,
    base.type_modifier,
    exists (
        select
        from pg_index i
        where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey)
    ) as in_primary_key,
    a.attidentity = 'a' as is_always_identity
from pg_attribute a
cross join lateral (
    with recursive chain (oid, base_type, domain_modifier, modifier) as (
        select t.oid, t.typbasetype, t.typtypmod, a.atttypmod
        from pg_type t
        where t.oid = a.atttypid
        union all
        select t.oid, t.typbasetype, t.typtypmod, chain.domain_modifier
        from chain
        join pg_type t on t.oid = chain.base_type
        where chain.base_type <> 0
    )
    select
        t.typname as type_name,
        t.typtype::text as type_kind,
        t.typcategory::text as type_category,
        chain.modifier as type_modifier
    from chain
    join pg_type t on t.oid = chain.oid
    where chain.base_type = 0
) base
where a.attrelid = any ($1)
  and a.attnum > 0
  and not a.attisdropped
order by a.attrelid, a.attnum
