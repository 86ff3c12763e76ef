-- Every object that lives in a schema, by itself or through its table, with that schema. OIDs are unique only
-- within a catalog, so each join names the catalog too. Catalogs as plain OIDs: branches of one type are searched by index each.
with located (classid, objid, namespace) as not materialized (
    select 'pg_class'::regclass::oid, oid, relnamespace from pg_class
    union all select 'pg_proc'::regclass::oid, oid, pronamespace from pg_proc
    union all select 'pg_type'::regclass::oid, oid, typnamespace from pg_type
    union all select 'pg_operator'::regclass::oid, oid, oprnamespace from pg_operator
    union all select 'pg_opclass'::regclass::oid, oid, opcnamespace from pg_opclass
    union all select 'pg_opfamily'::regclass::oid, oid, opfnamespace from pg_opfamily
    union all select 'pg_collation'::regclass::oid, oid, collnamespace from pg_collation
    union all select 'pg_conversion'::regclass::oid, oid, connamespace from pg_conversion
    union all select 'pg_constraint'::regclass::oid, oid, connamespace from pg_constraint
    union all select 'pg_statistic_ext'::regclass::oid, oid, stxnamespace from pg_statistic_ext
    union all select 'pg_ts_config'::regclass::oid, oid, cfgnamespace from pg_ts_config
    union all select 'pg_ts_dict'::regclass::oid, oid, dictnamespace from pg_ts_dict
    union all select 'pg_ts_parser'::regclass::oid, oid, prsnamespace from pg_ts_parser
    union all select 'pg_ts_template'::regclass::oid, oid, tmplnamespace from pg_ts_template
    union all select 'pg_namespace'::regclass::oid, oid, oid from pg_namespace
    -- Without a join, or each look-up would read all of it.
    union all
    select 'pg_attrdef'::regclass::oid, d.oid, (select c.relnamespace from pg_class c where c.oid = d.adrelid) from pg_attrdef d
    union all
    select 'pg_trigger'::regclass::oid, t.oid, (select c.relnamespace from pg_class c where c.oid = t.tgrelid) from pg_trigger t
    union all
    select 'pg_rewrite'::regclass::oid, r.oid, (select c.relnamespace from pg_class c where c.oid = r.ev_class) from pg_rewrite r
    union all
    select 'pg_policy'::regclass::oid, p.oid, (select c.relnamespace from pg_class c where c.oid = p.polrelid) from pg_policy p
)
