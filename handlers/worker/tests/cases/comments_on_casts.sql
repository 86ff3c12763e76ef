-- Comments on casts, which belong to no schema.
create type acme.w as (g int);
create function acme.g(acme.w) returns int language sql immutable as 'select $1.g';
create cast (acme.w as int) with function acme.g(acme.w);
comment on cast (acme.w as int) is 'weighs';
--- holds
select 'comment', (select obj_description(oid, 'pg_cast') = 'weighs' from pg_cast where castsource = 'acme_r.w'::regtype);
