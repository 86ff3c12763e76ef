-- Extensions in other schemas, used by everything.
reset role;
create schema extensions;
grant usage on schema extensions to public;
create extension ltree schema extensions;
create extension isn schema extensions;
create extension intarray schema public;
create extension hstore schema extensions;
create extension pgcrypto schema extensions;
set role olga;
create table acme.t (id int primary key, path extensions.ltree, book extensions.isbn13, books extensions.isbn13[], tags int[], h extensions.hstore, key uuid default extensions.gen_random_uuid());
insert into acme.t values (1, 'a.b.c', '978-0-393-04002-9', '{978-0-393-04002-9}', '{3,1,2}', 'a=>b');
create index on acme.t using gist (path extensions.gist_ltree_ops);
create index on acme.t using gin (tags public.gin__int_ops);
create view acme.v as select id from acme.t where path operator(extensions.<@) 'a' and tags operator(public.@@) '1&2';
create function acme.hashed(t text) returns text language sql as $$select encode(extensions.digest(t, 'sha256'), 'hex')$$;
--- holds
select 'row', (select path::text = 'a.b.c' and book::text = '978-0-393-04002-9' from acme_r.t);
select 'view', (select count(*) = 1 from acme_r.v);
