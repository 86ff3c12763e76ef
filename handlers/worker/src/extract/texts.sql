-- Every text stored in the restored schemas that a rename doesn't reach, with the language it is in. Expressions and
-- definitions are written out by PostgreSQL after the rename (`parsed`), so a name that is left in them is text. `part` tells the
-- texts of one object apart. Members of extensions are left out: they don't travel.
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
select
    'function body' as what,
    name as object,
    null as part,
    language,
    false as parsed,
    prosrc as text,
    -- What else a schema's name may stand for in the text.
    names
from routine
where language not in ('c', 'internal') and prokind in ('f', 'p', 'w') and prosrc <> ''
union all
-- A body in SQL's own syntax, which has no source text, stands at the end of the definition.
select 'function body', name, null, 'sql', true,
    pg_catalog.rtrim(
        pg_catalog.substr(
            definition,
            1 + coalesce(
                nullif(pg_catalog.strpos(definition, E'\nBEGIN ATOMIC\n'), 0), pg_catalog.strpos(definition, E'\nRETURN ')
            )
        ),
        E'\n'
    ),
    null
from routine, pg_catalog.pg_get_functiondef(oid) definition
where language = 'sql' and prokind in ('f', 'p', 'w') and prosrc = ''
union all
select 'function setting', name, pg_catalog.split_part(setting, '=', 1), 'sql', false, setting, null
from routine, pg_catalog.unnest(proconfig) setting
union all
select 'function argument default', name, null, 'sql', true, pg_catalog.pg_get_function_arguments(oid), null
from routine
where proargdefaults is not null
union all
select 'default', r.name || '.' || pg_catalog.quote_ident(a.attname), null, 'sql', true,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid), null
from relation r
join pg_catalog.pg_attrdef d on d.adrelid = r.oid
join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
union all
select 'constraint', r.name || ' ' || pg_catalog.quote_ident(k.conname), null, 'sql', true,
    pg_catalog.pg_get_constraintdef(k.oid), null
from relation r
join pg_catalog.pg_constraint k on k.conrelid = r.oid
where k.contype in ('c', 'x')
union all
select 'constraint', t.oid::pg_catalog.regtype::text || ' ' || pg_catalog.quote_ident(k.conname), null, 'sql', true,
    pg_catalog.pg_get_constraintdef(k.oid), null
from pg_catalog.pg_type t
join pg_catalog.pg_constraint k on k.contypid = t.oid
where t.typnamespace in (select oid from schema)
union all
select 'default', t.oid::pg_catalog.regtype::text, null, 'sql', true, pg_catalog.pg_get_expr(t.typdefaultbin, 0), null
from pg_catalog.pg_type t
where t.typnamespace in (select oid from schema) and t.typdefaultbin is not null
union all
select 'view definition', r.name, null, 'sql', true, pg_catalog.pg_get_viewdef(r.oid), null
from relation r
where r.relkind in ('v', 'm')
union all
select 'rule', r.name || ' ' || pg_catalog.quote_ident(w.rulename), null, 'sql', true, pg_catalog.pg_get_ruledef(w.oid), null
from relation r
join pg_catalog.pg_rewrite w on w.ev_class = r.oid
where w.rulename <> '_RETURN'
union all
select 'trigger', r.name || ' ' || pg_catalog.quote_ident(t.tgname), null, 'sql', true, pg_catalog.pg_get_triggerdef(t.oid), null
from relation r
join pg_catalog.pg_trigger t on t.tgrelid = r.oid
where not t.tgisinternal
union all
select 'index definition', r.name, null, 'sql', true, pg_catalog.pg_get_indexdef(r.oid), null
from relation r
where r.relkind in ('i', 'I')
union all
select 'partition key', r.name, null, 'sql', true, pg_catalog.pg_get_partkeydef(r.oid), null
from relation r
where r.relkind = 'p'
union all
select 'extended statistics', s.stxnamespace::pg_catalog.regnamespace::text || '.' || pg_catalog.quote_ident(s.stxname), null,
    'sql', true, pg_catalog.pg_get_statisticsobjdef(s.oid), null
from pg_catalog.pg_statistic_ext s
where s.stxnamespace in (select oid from schema)
union all
select 'text search dictionary', d.oid::pg_catalog.regdictionary::text, null, 'sql', false, d.dictinitoption, null
from pg_catalog.pg_ts_dict d
where d.dictnamespace in (select oid from schema) and d.dictinitoption is not null
    and not exists (
        select from pg_catalog.pg_depend e
        where e.classid = 'pg_catalog.pg_ts_dict'::pg_catalog.regclass and e.objid = d.oid and e.deptype = 'e'
    )
union all
select 'policy', r.name || ' ' || pg_catalog.quote_ident(p.polname), part, 'sql', true, pg_catalog.pg_get_expr(expression, p.polrelid),
    null
from relation r
join pg_catalog.pg_policy p on p.polrelid = r.oid
cross join lateral (values ('using', p.polqual), ('with check', p.polwithcheck)) as of_policy (part, expression)
where expression is not null
order by what, object, part
