-- Every text stored in the restored schemas that a rename doesn't reach, with the language it is in. Expressions and
-- definitions are deparsed after the rename, so a name that is left in them is text. Members of extensions are left
-- out: they don't travel.
with schema as (
    select oid from pg_catalog.pg_namespace where nspname::text = any ($1)
),
relation as (
    select c.oid, c.relkind, c.oid::pg_catalog.regclass::text as name
    from pg_catalog.pg_class c
    where c.relnamespace in (select oid from schema)
        and not exists (
            select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'
        )
),
routine as (
    select p.oid, p.oid::pg_catalog.regprocedure::text as name, p.prokind, p.prosrc, p.proconfig, p.proargdefaults,
        l.lanname::text as language, pg_catalog.array_prepend(p.proname::text, p.proargnames) as names
    from pg_catalog.pg_proc p
    join pg_catalog.pg_language l on l.oid = p.prolang
    where p.pronamespace in (select oid from schema)
        and not exists (
            select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e'
        )
)
-- A body in SQL's own syntax (BEGIN ATOMIC) is stored parsed and has no source text.
select
    'function body' as what,
    name as object,
    language,
    case when language = 'sql' and prosrc = '' then pg_catalog.pg_get_functiondef(oid) else prosrc end as text,
    -- What else a schema's name may stand for in the text.
    names
from routine
where language not in ('c', 'internal') and prokind in ('f', 'p', 'w')
union all
select 'function setting', name, 'sql', setting, null
from routine, pg_catalog.unnest(proconfig) setting
union all
select 'function argument default', name, 'sql', pg_catalog.pg_get_expr(proargdefaults, 0), null
from routine
where proargdefaults is not null
union all
select 'default', r.name || '.' || pg_catalog.quote_ident(a.attname), 'sql', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
    null
from relation r
join pg_catalog.pg_attrdef d on d.adrelid = r.oid
join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
union all
select 'constraint ' || pg_catalog.quote_ident(k.conname), r.name, 'sql', pg_catalog.pg_get_constraintdef(k.oid), null
from relation r
join pg_catalog.pg_constraint k on k.conrelid = r.oid
where k.contype in ('c', 'x')
union all
select 'domain constraint ' || pg_catalog.quote_ident(k.conname), t.oid::pg_catalog.regtype::text, 'sql',
    pg_catalog.pg_get_constraintdef(k.oid), null
from pg_catalog.pg_type t
join pg_catalog.pg_constraint k on k.contypid = t.oid
where t.typnamespace in (select oid from schema)
union all
select 'domain default', t.oid::pg_catalog.regtype::text, 'sql', pg_catalog.pg_get_expr(t.typdefaultbin, 0), null
from pg_catalog.pg_type t
where t.typnamespace in (select oid from schema) and t.typdefaultbin is not null
union all
select 'view definition', r.name, 'sql', pg_catalog.pg_get_viewdef(r.oid), null
from relation r
where r.relkind in ('v', 'm')
union all
select 'rule ' || pg_catalog.quote_ident(w.rulename), r.name, 'sql', pg_catalog.pg_get_ruledef(w.oid), null
from relation r
join pg_catalog.pg_rewrite w on w.ev_class = r.oid
where w.rulename <> '_RETURN'
union all
select 'trigger ' || pg_catalog.quote_ident(t.tgname), r.name, 'sql', pg_catalog.pg_get_triggerdef(t.oid), null
from relation r
join pg_catalog.pg_trigger t on t.tgrelid = r.oid
where not t.tgisinternal
union all
select 'index definition', r.name, 'sql', pg_catalog.pg_get_indexdef(r.oid), null
from relation r
where r.relkind in ('i', 'I')
union all
select 'partition key', r.name, 'sql', pg_catalog.pg_get_partkeydef(r.oid), null
from relation r
where r.relkind = 'p'
union all
select 'extended statistics', s.stxnamespace::pg_catalog.regnamespace::text || '.' || pg_catalog.quote_ident(s.stxname), 'sql',
    pg_catalog.pg_get_statisticsobjdef(s.oid), null
from pg_catalog.pg_statistic_ext s
where s.stxnamespace in (select oid from schema)
union all
select 'text search dictionary', d.oid::pg_catalog.regdictionary::text, 'sql', d.dictinitoption, null
from pg_catalog.pg_ts_dict d
where d.dictnamespace in (select oid from schema) and d.dictinitoption is not null
    and not exists (
        select from pg_catalog.pg_depend e
        where e.classid = 'pg_catalog.pg_ts_dict'::pg_catalog.regclass and e.objid = d.oid and e.deptype = 'e'
    )
union all
select 'policy ' || pg_catalog.quote_ident(p.polname), r.name, 'sql',
    pg_catalog.concat_ws(E'\n', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
        pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)), null
from relation r
join pg_catalog.pg_policy p on p.polrelid = r.oid
order by what, object
