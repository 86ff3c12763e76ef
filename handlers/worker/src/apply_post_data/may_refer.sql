-- Whether role $1 may use schema $2 and refer to the columns $4 of its table $3.
select coalesce(
           bool_and(has_schema_privilege($1, n.oid, 'usage') and has_column_privilege($1, c.oid, a.attnum, 'references')),
           false
       ) as permitted
  from pg_namespace n
  join pg_class c on c.relnamespace = n.oid
  join pg_attribute a on a.attrelid = c.oid
 where n.nspname = $2 and c.relname = $3 and a.attname = any ($4) and not a.attisdropped
