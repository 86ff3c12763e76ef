-- Expressions of the restored schemas that can be set anew in place, and what to write around them. References in them
-- are by OID and follow the rename; text in them, as in nextval('acme.s'::text), doesn't.
with relation as (
    select c.oid, c.oid::pg_catalog.regclass::text as name
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname::text = any ($1)
        and not exists (
            select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'
        )
),
policy as (
    select r.name as relation, pg_catalog.quote_ident(p.polname) as name, p.polrelid, p.polqual, p.polwithcheck
    from relation r
    join pg_catalog.pg_policy p on p.polrelid = r.oid
)
select
    'default' as what,
    r.name || '.' || pg_catalog.quote_ident(a.attname) as object,
    pg_catalog.format('alter table only %s alter column %I set default ', r.name, a.attname) as head,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) as expression,
    '' as tail
from relation r
join pg_catalog.pg_attrdef d on d.adrelid = r.oid
join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
where a.attgenerated = ''
union all
select
    'default',
    t.oid::pg_catalog.regtype::text,
    pg_catalog.format('alter domain %s set default ', t.oid::pg_catalog.regtype),
    pg_catalog.pg_get_expr(t.typdefaultbin, 0),
    ''
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where n.nspname::text = any ($1) and t.typtype = 'd' and t.typdefaultbin is not null
union all
select
    'policy',
    relation || ' ' || name,
    pg_catalog.format('alter policy %s on %s using (', name, relation),
    pg_catalog.pg_get_expr(polqual, polrelid),
    ')'
from policy
where polqual is not null
union all
select
    'policy',
    relation || ' ' || name,
    pg_catalog.format('alter policy %s on %s with check (', name, relation),
    pg_catalog.pg_get_expr(polwithcheck, polrelid),
    ')'
from policy
where polwithcheck is not null
order by what, object, head
