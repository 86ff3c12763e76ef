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
           'toast ' || (select t.reloptions::text from pg_class t where t.oid = c.reltoastrelid),
           'of type ' || format_type(nullif(c.reloftype, 0), null),
           'using ' || (select m.amname from pg_am m where m.oid = c.relam),
           'replica identity ' || c.relreplident::text,
           (select format('server %I %s', s.srvname, f.ftoptions)
              from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver
             where f.ftrelid = c.oid)
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
           'storage ' || a.attstorage::text,
           -- Since 14; as JSON the missing column is a null.
           'compression ' || nullif(to_jsonb(a) ->> 'attcompression', ''),
           -- Unset is -1 before 17 and a null since.
           'statistics ' || nullif(a.attstattarget, -1),
           a.attoptions::text,
           a.attfdwoptions::text,
           case when not a.attislocal then 'inherited' end
       )
  from held c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
union all
-- pg_dump passes an invalid one by, but not a partitioned table's that lacks its leaves'.
select case when c.relkind = 'i' and not x.indisvalid then 'invalid index' else 'index' end,
       c.title, concat_ws(' ', pg_get_indexdef(c.oid), case when not x.indisvalid then 'invalid' end,
                                   case when x.indisclustered then 'clustered' end,
                                   case when x.indisreplident then 'replica identity' end,
                                   (select 'of ' || i.inhparent::regclass from pg_inherits i where i.inhrelid = c.oid),
                                   (select 'statistics ' || string_agg(a.attnum || ': ' || a.attstattarget, ', ' order by a.attnum)
                                      from pg_attribute a
                                     where a.attrelid = c.oid and a.attstattarget >= 0))
  from relation c
  join pg_index x on x.indexrelid = c.oid
  join held t on t.oid = x.indrelid
union all
select 'constraint', format('%I on %s', k.conname, coalesce(c.title, format_type(k.contypid, null))),
       concat_ws(' ', pg_get_constraintdef(k.oid), case when not k.conislocal then 'inherited' end)
  from pg_constraint k
  join scope on scope.oid = k.connamespace
  left join held c on c.oid = k.conrelid
 where (c.oid is not null or k.contypid <> 0)
   and not exists (select from member where classid = 'pg_type'::regclass and objid = k.contypid)
   and not exists (
       select from pg_constraint parent where parent.oid = k.conparentid and parent.conrelid = k.conrelid
   )
union all
select 'trigger', format('%I on %s', t.tgname, c.title), concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled::text)
  from held c
  join pg_trigger t on t.tgrelid = c.oid
 -- Up to 14 those of partitions count as internal (psql's describe.c); so do those of foreign keys, which come with their key.
 where not t.tgisinternal
    or t.tgparentid <> 0
   and not exists (select from pg_constraint k where k.oid = t.tgconstraint and k.contype <> 't')
union all
select 'rule', format('%I on %s', r.rulename, c.title), concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled::text)
  from held c
  join pg_rewrite r on r.ev_class = c.oid and r.rulename <> '_RETURN'
union all
select 'sequence', c.title,
       concat_ws(' ', case c.relpersistence when 'u' then 'unlogged' end, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
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
            then (select concat_ws(' ', g.aggkind, g.aggnumdirectargs, g.aggtransfn::regprocedure, g.aggfinalfn::regproc,
                                   'initially ' || g.agginitval, format_type(g.aggtranstype, null), g.aggtransspace,
                                   g.aggcombinefn::regproc, g.aggserialfn::regproc, g.aggdeserialfn::regproc,
                                   g.aggfinalextra, g.aggfinalmodify, 'sorted by ' || nullif(g.aggsortop, 0)::regoperator,
                                   'moving', g.aggmtransfn::regproc, g.aggminvtransfn::regproc, g.aggmfinalfn::regproc,
                                   'initially ' || g.aggminitval, format_type(nullif(g.aggmtranstype, 0), null),
                                   g.aggmtransspace, g.aggmfinalextra, g.aggmfinalmodify, 'parallel', p.proparallel)
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
           (select string_agg(concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
                                        'collate ' || nullif(a.attcollation, 0)::regcollation), ', ' order by a.attnum)
              from pg_attribute a
             where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped),
           'collate ' || nullif(t.typcollation, 0)::regcollation,
           'of ' || format_type(nullif(t.typbasetype, 0), t.typtypmod),
           case when t.typnotnull then 'not null' end,
           -- The text beside it is as it was when the default was set, whatever has been renamed since.
           'default ' || pg_get_expr(t.typdefaultbin, 0),
           (select concat_ws(' ', 'range of', format_type(r.rngsubtype, null), c.opcname,
                             'collate ' || nullif(r.rngcollation, 0)::regcollation, r.rngcanonical, r.rngsubdiff,
                             -- Multiranges exist since 14; as JSON the missing column is a null.
                             format_type((to_jsonb(r) ->> 'rngmultitypid')::oid, null))
              from pg_range r join pg_opclass c on c.oid = r.rngsubopc
             where r.rngtypid = t.oid)
       )
  from pg_type t
  join scope on scope.oid = t.typnamespace
  left join pg_class c on c.oid = t.typrelid
 where (t.typrelid = 0 or c.relkind = 'c')
   and not (t.typcategory = 'A' and t.typelem <> 0)
   and not exists (select from member where classid = 'pg_type'::regclass and objid = t.oid)
union all
select 'extended statistics', format('%I.%I', scope.nspname, s.stxname),
       concat_ws(' ', pg_get_statisticsobjdef(s.oid), 'statistics ' || nullif(s.stxstattarget, -1))
  from pg_statistic_ext s
  join scope on scope.oid = s.stxnamespace
union all
select 'operator', o.oid::regoperator::text,
       concat_ws(' ', o.oprcode::regproc, format_type(o.oprresult, null), o.oprcom::regoperator,
                 o.oprnegate::regoperator, o.oprcanmerge, o.oprcanhash, o.oprrest::regproc, o.oprjoin::regproc)
  from pg_operator o
  join scope on scope.oid = o.oprnamespace
 where not exists (select from member where classid = 'pg_operator'::regclass and objid = o.oid)
union all
select 'operator class', format('%I.%I using %I', scope.nspname, o.opcname, m.amname),
       concat_ws(' ', format_type(o.opcintype, null), o.opcdefault, format_type(nullif(o.opckeytype, 0), null),
                 f.opfnamespace::regnamespace || '.' || quote_ident(f.opfname))
  from pg_opclass o
  join scope on scope.oid = o.opcnamespace
  join pg_am m on m.oid = o.opcmethod
  join pg_opfamily f on f.oid = o.opcfamily
 where not exists (select from member where classid = 'pg_opclass'::regclass and objid = o.oid)
union all
select 'operator family', format('%I.%I using %I', scope.nspname, f.opfname, m.amname),
       concat_ws(' ', (select string_agg(concat_ws(' ', o.amopstrategy, o.amopopr::regoperator, o.amoppurpose), ', '
                                         order by o.amopstrategy, o.amopopr::regoperator::text)
                         from pg_amop o where o.amopfamily = f.oid),
                      (select string_agg(concat_ws(' ', p.amprocnum, p.amproc::regprocedure), ', '
                                         order by p.amprocnum, p.amproc::regprocedure::text)
                         from pg_amproc p where p.amprocfamily = f.oid))
  from pg_opfamily f
  join scope on scope.oid = f.opfnamespace
  join pg_am m on m.oid = f.opfmethod
 where not exists (select from member where classid = 'pg_opfamily'::regclass and objid = f.oid)
union all
select 'conversion', format('%I.%I', scope.nspname, v.conname),
       concat_ws(' ', pg_encoding_to_char(v.conforencoding), pg_encoding_to_char(v.contoencoding), v.conproc, v.condefault)
  from pg_conversion v
  join scope on scope.oid = v.connamespace
 where not exists (select from member where classid = 'pg_conversion'::regclass and objid = v.oid)
union all
-- The locale's column has had other names: colliculocale in 15 and 16, colllocale since 17.
select 'collation', format('%I.%I', scope.nspname, l.collname),
       concat_ws(' ', l.collprovider, l.collisdeterministic,
                 coalesce(to_jsonb(l) ->> 'colllocale', to_jsonb(l) ->> 'colliculocale', l.collcollate),
                 coalesce(to_jsonb(l) ->> 'colllocale', to_jsonb(l) ->> 'colliculocale', l.collctype),
                 to_jsonb(l) ->> 'collicurules')
  from pg_collation l
  join scope on scope.oid = l.collnamespace
 where not exists (select from member where classid = 'pg_collation'::regclass and objid = l.oid)
union all
select 'text search configuration', format('%I.%I', scope.nspname, f.cfgname),
       concat_ws(' ', p.prsnamespace::regnamespace || '.' || quote_ident(p.prsname),
                 (select string_agg(format('%s: %s', m.maptokentype, m.mapdict::regdictionary), ', '
                                    order by m.maptokentype, m.mapseqno)
                    from pg_ts_config_map m where m.mapcfg = f.oid))
  from pg_ts_config f
  join scope on scope.oid = f.cfgnamespace
  join pg_ts_parser p on p.oid = f.cfgparser
 where not exists (select from member where classid = 'pg_ts_config'::regclass and objid = f.oid)
union all
select 'text search dictionary', format('%I.%I', scope.nspname, d.dictname),
       concat_ws(' ', t.tmplnamespace::regnamespace || '.' || quote_ident(t.tmplname), d.dictinitoption)
  from pg_ts_dict d
  join scope on scope.oid = d.dictnamespace
  join pg_ts_template t on t.oid = d.dicttemplate
 where not exists (select from member where classid = 'pg_ts_dict'::regclass and objid = d.oid)
union all
-- ALTER … DEPENDS ON EXTENSION: the object goes with the extension.
select format('dependence on %I', e.extname), concat_ws(' ', object.type, object.identity), null
  from pg_depend d
  join pg_extension e on e.oid = d.refobjid
  cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) object
 where d.deptype = 'x' and d.refclassid = 'pg_extension'::regclass
   and exists (
           select from pg_proc p join scope on scope.oid = p.pronamespace where d.classid = 'pg_proc'::regclass and p.oid = d.objid
           union all
           select from relation c where d.classid = 'pg_class'::regclass and c.oid = d.objid
           union all
           select from relation c join pg_trigger t on t.tgrelid = c.oid where d.classid = 'pg_trigger'::regclass and t.oid = d.objid
       )
union all
-- Casts belong to no schema; those between types of extensions or made along with a range type don't travel.
select 'cast', format('(%s as %s)', format_type(k.castsource, null), format_type(k.casttarget, null)),
       concat_ws(' ', nullif(k.castfunc, 0)::regprocedure, k.castcontext, k.castmethod)
  from pg_cast k
 where exists (
           select from pg_type t
            join scope on scope.oid = t.typnamespace
            where t.oid in (k.castsource, k.casttarget)
              and not exists (select from member where classid = 'pg_type'::regclass and objid = t.oid)
       )
   and not exists (
           select from pg_depend d
            where d.classid = 'pg_cast'::regclass and d.objid = k.oid and d.deptype in ('e', 'i')
       )
 order by 1, 2
