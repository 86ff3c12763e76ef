-- Every object of the schemas $1 by kind and name, with its definition. Names never hold the server's OIDs, so the
-- lists of two servers can be compared. The marker, the ledger, grants, owners and policies are not in it, nor are
-- members of extensions, which don't travel.
with scope as (
    select oid, nspname from pg_namespace where nspname = any ($1)
), member as (
    select classid, objid from pg_depend where deptype = 'e'
), relation as (
    select c.*, format('%I.%I', scope.nspname, c.relname) as title
      from pg_class c
      join scope on scope.oid = c.relnamespace
     where c.relname not in ('tenant_restore_marker', 'tenant_restore_ledger')
       and not exists (select from member where classid = 'pg_class'::regclass and objid = c.oid)
), held as (
    select * from relation where relkind in ('r', 'p', 'v', 'm', 'f')
)
select case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
                      when 'm' then 'materialized view' else 'foreign table' end as kind,
       c.title as name,
       concat_ws(
           ' ',
           case c.relpersistence when 'u' then 'unlogged' end,
           case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
           pg_get_partkeydef(c.oid),
           pg_get_expr(c.relpartbound, c.oid),
           c.reloptions::text,
           'replica identity ' || c.relreplident::text
       ) as definition
  from held c
union all
select 'inheritance', c.title, 'of ' || (select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno))
  from held c
  join pg_inherits i on i.inhrelid = c.oid
 group by c.title
union all
select 'filled materialized view', c.title, c.relispopulated::text from held c where c.relkind = 'm'
union all
select 'column', format('%s.%I', c.title, a.attname),
       concat_ws(
           ' ',
           row_number() over (partition by a.attrelid order by a.attnum),
           format_type(a.atttypid, a.atttypmod),
           case when a.attnotnull then 'not null' end,
           'identity ' || nullif(a.attidentity::text, ''),
           'generated ' || nullif(a.attgenerated::text, ''),
           'default ' || pg_get_expr(d.adbin, d.adrelid),
           (select format('collate %I.%I', n.nspname, l.collname)
              from pg_collation l join pg_namespace n on n.oid = l.collnamespace
             where l.oid = a.attcollation),
           'storage ' || a.attstorage::text
       )
  from held c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
union all
select 'index', c.title, concat_ws(' ', pg_get_indexdef(c.oid), case when not x.indisvalid then 'invalid' end,
                                   case when x.indisclustered then 'clustered' end,
                                   case when x.indisreplident then 'replica identity' end)
  from relation c
  join pg_index x on x.indexrelid = c.oid
  join held t on t.oid = x.indrelid
union all
select 'constraint', format('%I on %s', k.conname, coalesce(c.title, format_type(k.contypid, null))),
       pg_get_constraintdef(k.oid)
  from pg_constraint k
  join scope on scope.oid = k.connamespace
  left join held c on c.oid = k.conrelid
 where (c.oid is not null or k.contypid <> 0)
   and not exists (
       select from pg_constraint parent where parent.oid = k.conparentid and parent.conrelid = k.conrelid
   )
union all
select 'trigger', format('%I on %s', t.tgname, c.title), concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled::text)
  from held c
  join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
union all
select 'rule', format('%I on %s', r.rulename, c.title), concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled::text)
  from held c
  join pg_rewrite r on r.ev_class = c.oid and r.rulename <> '_RETURN'
union all
select 'sequence', c.title,
       concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
                 (select 'owned by ' || d.refobjid::regclass || '.' || a.attname
                    from pg_depend d
                    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
                   where d.classid = 'pg_class'::regclass and d.objid = c.oid
                     and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0))
  from relation c
  join pg_sequence s on s.seqrelid = c.oid
union all
select case p.prokind when 'a' then 'aggregate' when 'p' then 'procedure' else 'function' end,
       p.oid::regprocedure::text,
       case when p.prokind = 'a'
            then (select concat_ws(' ', g.aggkind, g.aggtransfn::regprocedure, g.aggfinalfn::regproc, g.agginitval,
                                   format_type(g.aggtranstype, null))
                    from pg_aggregate g where g.aggfnoid = p.oid)
            else pg_get_functiondef(p.oid) end
  from pg_proc p
  join scope on scope.oid = p.pronamespace
 where p.prokind <> 'w'
   and not exists (select from member where classid = 'pg_proc'::regclass and objid = p.oid)
   -- Constructors of range types come with their type and have no definition of their own.
   and not exists (
       select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i'
          and d.refclassid = 'pg_type'::regclass
   )
union all
select 'type', format_type(t.oid, null),
       concat_ws(
           ' ',
           t.typtype::text,
           (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
           (select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
              from pg_attribute a
             where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped),
           'of ' || format_type(nullif(t.typbasetype, 0), t.typtypmod),
           case when t.typnotnull then 'not null' end,
           'default ' || t.typdefault,
           (select 'range of ' || format_type(r.rngsubtype, null) from pg_range r where r.rngtypid = t.oid)
       )
  from pg_type t
  join scope on scope.oid = t.typnamespace
  left join pg_class c on c.oid = t.typrelid
 where (t.typrelid = 0 or c.relkind = 'c')
   and not (t.typcategory = 'A' and t.typelem <> 0)
   and not exists (select from member where classid = 'pg_type'::regclass and objid = t.oid)
union all
select 'extended statistics', format('%I.%I', scope.nspname, s.stxname), pg_get_statisticsobjdef(s.oid)
  from pg_statistic_ext s
  join scope on scope.oid = s.stxnamespace
union all
select 'operator', o.oid::regoperator::text,
       concat_ws(' ', o.oprcode::regproc, o.oprcom::regoperator, o.oprnegate::regoperator, o.oprcanmerge, o.oprcanhash)
  from pg_operator o
  join scope on scope.oid = o.oprnamespace
 where not exists (select from member where classid = 'pg_operator'::regclass and objid = o.oid)
union all
select 'operator class', format('%I.%I', scope.nspname, o.opcname),
       concat_ws(' ', format_type(o.opcintype, null), o.opcdefault)
  from pg_opclass o
  join scope on scope.oid = o.opcnamespace
 where not exists (select from member where classid = 'pg_opclass'::regclass and objid = o.oid)
union all
select 'collation', format('%I.%I', scope.nspname, l.collname), concat_ws(' ', l.collprovider, l.collisdeterministic)
  from pg_collation l
  join scope on scope.oid = l.collnamespace
union all
select 'text search configuration', format('%I.%I', scope.nspname, f.cfgname), ''
  from pg_ts_config f
  join scope on scope.oid = f.cfgnamespace
union all
select 'text search dictionary', format('%I.%I', scope.nspname, d.dictname), d.dictinitoption
  from pg_ts_dict d
  join scope on scope.oid = d.dictnamespace
 order by 1, 2
