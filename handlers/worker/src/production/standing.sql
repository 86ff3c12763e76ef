-- Whether schema $1 has the marker $2 of restore $4: an ordinary table that the login role $3 owns, whose comment names the
-- restore and the schema's OID.
select exists (
           select
             from pg_catalog.pg_class c
             join pg_catalog.pg_roles r on r.oid = c.relowner
            where c.relnamespace = n.oid and c.relname = $2 and c.relkind = 'r' and r.rolname = $3
              and pg_catalog.obj_description(c.oid, 'pg_class') = pg_catalog.format('restore %s, schema %s', $4::text, n.oid)
       ) as marked
  from pg_catalog.pg_namespace n
 where n.nspname = $1
