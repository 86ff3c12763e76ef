-- What the schemas $1 use outside of themselves that may lead back into them: from views on to what they read, from routines,
-- operators and domains to what they call. Each row is a user in the schemas, what it uses, and either nothing more, if that
-- leads back in the catalog, or a routine whose text may. Members of extensions know nothing of tenants.
-- Continues the query of `located.sql`.
select
    case used.classid
        when 'pg_rewrite'::regclass then (select w.ev_class::regclass::text from pg_rewrite w where w.oid = used.objid)
        else regexp_replace((pg_identify_object(used.classid, used.objid, 0)).identity, '^for ', '')
    end as object,
    pg_describe_object(first.classid, first.objid, 0) as used,
    p.oid::regprocedure::text as routine,
    l.lanname::text as language,
    p.prosrc as body,
    coalesce(p.proconfig, '{}') as settings
from (
    with recursive own as (
        select located.classid, located.objid
          from located join pg_namespace n on n.oid = located.namespace
         where n.nspname = any ($1)
    ), reached (user_class, user_id, first_class, first_id, classid, objid) as (
        select own.classid, own.objid, d.refclassid, d.refobjid, d.refclassid, d.refobjid
          from own
          join pg_depend d on d.classid = own.classid and d.objid = own.objid and d.deptype in ('n', 'a')
         where d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass)
           and not exists (select from own inside where inside.classid = d.refclassid and inside.objid = d.refobjid)
           and not exists (
                   select from pg_depend e where e.classid = d.refclassid and e.objid = d.refobjid and e.deptype = 'e'
               )
        union
        select r.user_class, r.user_id, r.first_class, r.first_id, d.refclassid, d.refobjid
          from reached r
          cross join lateral (
              select r.classid, r.objid where r.classid <> 'pg_class'::regclass
              union all
              select 'pg_rewrite'::regclass, w.oid from pg_rewrite w
               where r.classid = 'pg_class'::regclass and w.ev_class = r.objid and w.rulename = '_RETURN'
              union all
              select 'pg_constraint'::regclass, k.oid from pg_constraint k
               where r.classid = 'pg_type'::regclass and k.contypid = r.objid
          ) part
          join pg_depend d on d.classid = part.classid and d.objid = part.objid and d.deptype in ('n', 'a')
         where not exists (select from own inside where inside.classid = r.classid and inside.objid = r.objid)
    )
    select r.*, exists (select from own where own.classid = r.classid and own.objid = r.objid) as leads_back
      from reached r
) r
cross join lateral (select r.user_class as classid, r.user_id as objid) used
cross join lateral (select r.first_class as classid, r.first_id as objid) first
left join pg_proc p
  on r.classid = 'pg_proc'::regclass and p.oid = r.objid and not r.leads_back
 and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
left join pg_language l on l.oid = p.prolang
where r.leads_back or l.lanname not in ('c', 'internal')
order by 1, 2, 3 nulls first
