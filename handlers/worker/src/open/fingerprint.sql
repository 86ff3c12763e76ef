-- What tells whether somebody has changed table $2 of schema $1, or anything that belongs to it: every row about it in the
-- catalogs, with the transaction that wrote that.
with named (oid, xmin) as (
    select c.oid, c.xmin
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2
), about (class, id, xmin) as (
    select 'table', oid, xmin from named
    union all
    select 'column', a.attnum::oid, a.xmin from pg_catalog.pg_attribute a join named on named.oid = a.attrelid where a.attnum > 0
    union all
    select 'default', d.oid, d.xmin from pg_catalog.pg_attrdef d join named on named.oid = d.adrelid
    union all
    select 'constraint', k.oid, k.xmin from pg_catalog.pg_constraint k join named on named.oid = k.conrelid
    union all
    select 'index', i.indexrelid, i.xmin from pg_catalog.pg_index i join named on named.oid = i.indrelid
    union all
    select 'trigger', t.oid, t.xmin from pg_catalog.pg_trigger t join named on named.oid = t.tgrelid
    union all
    select 'rule', r.oid, r.xmin from pg_catalog.pg_rewrite r join named on named.oid = r.ev_class
    union all
    select 'policy', p.oid, p.xmin from pg_catalog.pg_policy p join named on named.oid = p.polrelid
)
select pg_catalog.md5(pg_catalog.string_agg(pg_catalog.format('%s %s %s', class, id, xmin), ',' order by class, id))
  from about
