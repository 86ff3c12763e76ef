-- The tables of the schemas $1 that a change of a live row makes PostgreSQL read as their owner, the sequences of their columns,
-- and who owns them.
with recursive restored (oid, nspname) as (
    select oid, nspname from pg_namespace where nspname = any ($1)
), key (referring, referred, changes) as (
    select k.conrelid, k.confrelid, k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd')
      from pg_constraint k
      join pg_class c on c.oid = k.conrelid
      join restored on restored.oid = c.relnamespace
     where k.contype = 'f'
), read (oid, changes) as (
    select key.referring, key.changes
      from key
      join pg_class live on live.oid = key.referred
     where live.relnamespace not in (select oid from restored)
    union
    -- A row that goes or changes along with the live one is looked for in its turn.
    select key.referring, key.changes
      from read
      join key on key.referred = read.oid
     where read.changes
), owned (oid) as (
    select read.oid from read
    union
    select d.objid
      from read
      join pg_depend d on d.refobjid = read.oid and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
     where d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
)
select restored.nspname::text as schema,
       c.relname::text as name,
       case c.relkind when 'S' then 'sequence' else 'table' end as class,
       format('%I.%I', restored.nspname, c.relname) as object,
       pg_get_userbyid(c.relowner)::text as owner
  from owned
  join pg_class c on c.oid = owned.oid
  join restored on restored.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'S')
