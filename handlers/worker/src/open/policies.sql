-- The policies of the tables in the schemas $1 with their definitions; roles by name, so that two servers can be compared.
select pg_catalog.format('%I on %I.%I', p.polname, n.nspname, c.relname),
       pg_catalog.concat_ws(
           ' ', p.polcmd::text, p.polpermissive::text,
           pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
       )
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = any ($1)
