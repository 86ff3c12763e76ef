-- The policies of the tables in the schemas $1 with their definitions; roles by name, so that two servers can be compared.
select n.nspname::text as schema,
       c.relname::text as "table",
       p.polname::text as name,
       p.polpermissive as permissive,
       pg_catalog.concat_ws(
           ' ', p.polcmd::text,
           case when p.polpermissive then 'permissive' else 'restrictive' end,
           (select 'to ' || pg_catalog.string_agg(coalesce(pg_catalog.quote_ident(r.rolname), 'public'), ', ' order by r.rolname)
              from pg_catalog.unnest(p.polroles) role (oid) left join pg_catalog.pg_roles r on r.oid = role.oid),
           'using ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid),
           'with check ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
       ) as definition
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = any ($1)
 order by 1, 2, 3
