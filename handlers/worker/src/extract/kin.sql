-- Parents and children, by inheritance or partition, that tables of the schemas $1 have in other schemas.
select c.oid::pg_catalog.regclass::text as name, p.oid::pg_catalog.regclass::text as relative, true as is_parent
from pg_catalog.pg_inherits i
join pg_catalog.pg_class c on c.oid = i.inhrelid
join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
join pg_catalog.pg_class p on p.oid = i.inhparent
join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
where c.relkind in ('r', 'p', 'f') and cn.nspname::text = any ($1) and pn.nspname::text <> all ($1)
union all
select p.oid::pg_catalog.regclass::text, c.oid::pg_catalog.regclass::text, false
from pg_catalog.pg_inherits i
join pg_catalog.pg_class c on c.oid = i.inhrelid
join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
join pg_catalog.pg_class p on p.oid = i.inhparent
join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
where c.relkind in ('r', 'p', 'f') and pn.nspname::text = any ($1) and cn.nspname::text <> all ($1)
order by name, relative
