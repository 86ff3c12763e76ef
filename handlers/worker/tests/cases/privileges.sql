-- Owners and grants of everything that has any.
reset role;
create role gone_grantee;
create role gone_grantor;
create role second_owner;
grant usage, create on schema acme to second_owner, master;
grant usage on schema acme to clerk, gone_grantee, gone_grantor;
grant usage on schema acme to auditor with grant option;
set role olga;
create table acme.t (id int, word text, secret text);
create table acme.of_second (id serial);
alter table acme.of_second owner to olga;
grant select, insert on acme.t to clerk with grant option;
grant update (word), references (id) on acme.t to clerk;
grant all on acme.t to auditor;
revoke delete on acme.t from auditor;
revoke truncate on acme.t from olga;
grant select on acme.t to gone_grantee;
grant select on acme.t to gone_grantor with grant option;
create view acme.v as select id from acme.t;
grant select on acme.v to public;
create materialized view acme.m as select id from acme.t;
grant select on acme.m to clerk;
create sequence acme.s;
grant usage on sequence acme.s to clerk;
grant select, update on sequence acme.of_second_id_seq to auditor;
create function acme.f() returns int language sql security definer as 'select 1';
revoke all on function acme.f() from public;
grant execute on function acme.f() to clerk with grant option;
create procedure acme.p() language sql as 'select 1';
grant execute on procedure acme.p() to auditor;
create aggregate acme.agg(int) (sfunc = int4pl, stype = int);
revoke execute on function acme.agg(int) from public;
create type acme.e as enum ('x');
revoke usage on type acme.e from public;
grant usage on type acme.e to clerk;
create domain acme.d as int;
grant usage on domain acme.d to clerk;
create type acme.r as range (subtype = int4);
revoke usage on type acme.r from public;
alter default privileges in schema acme grant select on tables to clerk;
alter default privileges in schema acme grant execute on functions to auditor;
alter default privileges in schema acme revoke usage on types from public;
alter default privileges in schema acme grant usage on sequences to clerk with grant option;
reset role;
alter default privileges for role second_owner in schema acme grant all on tables to auditor;
alter default privileges for role second_owner revoke execute on functions from public;
set role clerk;
grant select on acme.t to auditor;
grant execute on function acme.f() to auditor;
set role gone_grantor;
grant select on acme.t to auditor;
set role auditor;
grant usage on schema acme to public;
set role second_owner;
create table acme.second (id int primary key, n int generated always as identity);
create function acme.second_f() returns int language sql as 'select 1';
create type acme.second_t as (x int);
grant select on acme.second to olga;
reset role;
alter table acme.of_second owner to second_owner;
--- later
reset role;
drop owned by gone_grantee, gone_grantor;
drop role gone_grantee;
drop role gone_grantor;
--- holds
select 'owners', (select count(*) = 0 from pg_class c join pg_class l on l.relname = c.relname where c.relnamespace = 'acme_r'::regnamespace and l.relnamespace = 'acme'::regnamespace and l.relowner <> c.relowner);
select 'owner of the schema', (select nspowner = 'olga'::regrole from pg_namespace where nspname = 'acme_r');
select 'revoked from the owner', not has_table_privilege('olga', 'acme_r.t', 'truncate');
select 'column', has_column_privilege('clerk', 'acme_r.t', 'word', 'update') and not has_column_privilege('clerk', 'acme_r.t', 'secret', 'update');
select 'routine', has_function_privilege('auditor', 'acme_r.f()', 'execute') and not has_function_privilege('second_owner', 'acme_r.f()', 'execute');
select 'by others', (select relacl::text like '%auditor=%r/clerk%' or relacl::text like '%auditor=r/clerk%' from pg_class where oid = 'acme_r.t'::regclass);
select 'nothing of the restore', (select count(*) = 0 from pg_class where relnamespace = 'acme_r'::regnamespace and relacl::text like '%tr-%');
select 'default privileges', (select count(*) = 4 from pg_default_acl where defaclnamespace = 'acme_r'::regnamespace);
--- remarks
GrantorReplaced USAGE on schema acme_r to public
RoleMissing "gone_grantee"
RoleMissing "gone_grantor"
--- ddl
- GRANT SELECT ON TABLE acme.t TO auditor;
- GRANT SELECT ON TABLE acme.t TO gone_grantee;
- GRANT SELECT ON TABLE acme.t TO gone_grantor WITH GRANT OPTION;
- GRANT USAGE ON SCHEMA acme TO gone_grantee;
- GRANT USAGE ON SCHEMA acme TO gone_grantor;
- RESET SESSION AUTHORIZATION;
- RESET SESSION AUTHORIZATION;
- SET SESSION AUTHORIZATION auditor;
- SET SESSION AUTHORIZATION gone_grantor;
