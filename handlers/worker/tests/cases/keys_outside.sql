-- Foreign keys to live tables over domains inside domains: comparing them calls nothing of the tenant's.
reset role;
create schema shared authorization master;
grant usage on schema shared to public;
set role master;
create table shared.country (code int primary key, name text collate "C" unique);
insert into shared.country values (1, 'de');
grant references, select on shared.country to olga;
set role olga;
create domain acme.code as int check (value > 0);
create domain acme.inner_code as acme.code;
create domain acme.innermost as acme.inner_code;
create table acme.t (id acme.innermost constraint by_id references shared.country, name text collate "POSIX" constraint by_name references shared.country (name));
insert into acme.t values (1, 'de');
--- holds
select 'every key is valid', (select count(*) = 2 and bool_and(convalidated) from pg_constraint where conrelid = 'acme_r.t'::regclass and contype = 'f');
