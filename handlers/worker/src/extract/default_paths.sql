-- Settings of this database and of roles that give sessions their search path, and whose they are.
select
    case
        when s.setrole = 0 then 'this database'
        else 'role ' || pg_catalog.quote_ident(r.rolname)
    end as whose,
    setting
from pg_catalog.pg_db_role_setting s
cross join pg_catalog.unnest(s.setconfig) setting
left join pg_catalog.pg_roles r on r.oid = s.setrole
where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
    and setting like 'search\_path=%'
order by whose
