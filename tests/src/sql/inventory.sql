-- Everything a schema consists of: kind, name, definition. $1 is the schema; search_path must hold it alone, so
-- that definitions print names in it unqualified.
with namespace as (
    select oid from pg_namespace where nspname = $1
), relation as (
    select c.* from pg_class c join namespace on c.relnamespace = namespace.oid
)
select 'type' as kind, t.typname::text as name, string_agg(e.enumlabel, ',' order by e.enumsortorder) as definition
  from pg_type t
  join namespace on t.typnamespace = namespace.oid
  join pg_enum e on e.enumtypid = t.oid
 group by t.typname
union all
select 'column', r.relname || '.' || a.attname,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
                 pg_get_expr(d.adbin, d.adrelid))
  from relation r
  join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
 where r.relkind in ('r', 'p', 'v', 'm')
union all
select 'constraint', r.relname || '.' || c.conname, pg_get_constraintdef(c.oid)
  from pg_constraint c
  join relation r on r.oid = c.conrelid
union all
select 'index', i.relname::text, pg_get_indexdef(i.oid)
  from relation i
 where i.relkind in ('i', 'I')
union all
select 'view', r.relname::text, pg_get_viewdef(r.oid)
  from relation r
 where r.relkind in ('v', 'm')
union all
select 'trigger', r.relname || '.' || t.tgname, concat_ws(' ', t.tgenabled::text, pg_get_triggerdef(t.oid))
  from pg_trigger t
  join relation r on r.oid = t.tgrelid
 where not t.tgisinternal
union all
select 'sequence', r.relname::text,
       concat_ws(' ', format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
                 owner.relname || '.' || a.attname)
  from relation r
  join pg_sequence s on s.seqrelid = r.oid
  left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = r.oid
                       and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
  left join pg_class owner on owner.oid = d.refobjid
  left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
union all
select 'function', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', pg_get_functiondef(p.oid)
  from pg_proc p
  join namespace on p.pronamespace = namespace.oid
 where p.prokind in ('f', 'p')
union all
select 'policy', r.relname || '.' || p.polname,
       concat_ws(' ', p.polcmd::text, p.polpermissive,
                 (select string_agg(member::regrole::text, ',' order by member::regrole::text) from unnest(p.polroles) member),
                 pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
  from pg_policy p
  join relation r on r.oid = p.polrelid
union all
select 'row security', r.relname::text, concat_ws(' ', r.relrowsecurity, r.relforcerowsecurity)
  from relation r
 where r.relkind in ('r', 'p')
union all
select 'owner', r.relname::text, r.relowner::regrole::text
  from relation r
 where r.relkind in ('r', 'p', 'v', 'm', 'S')
union all
select 'owner', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.proowner::regrole::text
  from pg_proc p
  join namespace on p.pronamespace = namespace.oid
union all
select 'owner', 'the schema', n.nspowner::regrole::text
  from pg_namespace n
 where n.nspname = $1
union all
select 'grant', held.name, string_agg(held.privilege, ',' order by held.privilege)
  from (select r.relname || ' to ' || acl.grantee::regrole::text as name, acl.privilege_type as privilege
          from relation r,
               aclexplode(coalesce(r.relacl, acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner))) acl
         where r.relkind in ('r', 'p', 'v', 'm', 'S')
        union all
        select r.relname || '.' || a.attname || ' to ' || acl.grantee::regrole::text, acl.privilege_type
          from relation r
          join pg_attribute a on a.attrelid = r.oid,
               aclexplode(a.attacl) acl
        union all
        select p.proname || '() to ' || acl.grantee::regrole::text, acl.privilege_type
          from pg_proc p
          join namespace on p.pronamespace = namespace.oid,
               aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
        union all
        select 'the schema to ' || acl.grantee::regrole::text, acl.privilege_type
          from pg_namespace n,
               aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) acl
         where n.nspname = $1) held
 group by held.name
union all
select 'comment', r.relname || coalesce('.' || a.attname, ''), d.description
  from pg_description d
  join relation r on d.classoid = 'pg_class'::regclass and r.oid = d.objoid
  left join pg_attribute a on d.objsubid > 0 and a.attrelid = d.objoid and a.attnum = d.objsubid
union all
select 'comment', p.proname || '()', d.description
  from pg_description d
  join pg_proc p on d.classoid = 'pg_proc'::regclass and p.oid = d.objoid
  join namespace on p.pronamespace = namespace.oid
union all
select 'comment', 'the schema', d.description
  from pg_description d
  join namespace on d.classoid = 'pg_namespace'::regclass and namespace.oid = d.objoid
