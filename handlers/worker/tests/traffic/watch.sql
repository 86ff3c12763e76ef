-- Sessions of application $1 that wait behind a session of the restore, and the other way round; and the restore's looks at
-- the locks of live tables.
select w.pid,
       l.waitstart::text as since,
       w.application_name = $1 as is_live,
       false as looks,
       l.mode || ' on ' || coalesce(l.relation::regclass::text, l.locktype) || ' for ' || left(w.query, 200) as what,
       left(b.query, 200) as behind,
       (extract(epoch from clock_timestamp() - l.waitstart) * 1000)::float8 as millis
  from pg_stat_activity w
  join pg_locks l on l.pid = w.pid and not l.granted and l.waitstart is not null
  join pg_stat_activity b on b.pid = any (pg_blocking_pids(w.pid))
 where w.application_name = $1 and b.application_name like 'tenant-restore %'
    or w.application_name like 'tenant-restore %' and b.application_name = $1
union all
select pid, query_start::text, false, true, '', '', 0
  from pg_stat_activity
 where application_name like 'tenant-restore %' and query like '%as is_maintenance%'
