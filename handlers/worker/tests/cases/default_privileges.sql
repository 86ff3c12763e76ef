-- Default privileges of which one grantee has gone: the others keep theirs.
reset role;
create role gone_default;
create role gone_default_owner;
grant usage, create on schema acme to gone_default_owner;
alter default privileges for role olga in schema acme grant select on tables to gone_default, clerk;
alter default privileges for role olga in schema acme grant insert on tables to auditor;
alter default privileges for role gone_default_owner in schema acme grant insert on tables to auditor;
set role olga;
create table acme.t (id int);
--- later
reset role;
alter default privileges for role olga in schema acme revoke all on tables from gone_default;
alter default privileges for role gone_default_owner in schema acme revoke insert on tables from auditor;
revoke all on schema acme from gone_default_owner, gone_default;
revoke all on acme.t from gone_default;
drop role gone_default;
drop role gone_default_owner;
--- holds
select 'clerk''s', (select count(*) = 1 from pg_default_acl, aclexplode(defaclacl) where defaclnamespace = 'acme_r'::regnamespace and grantee = 'clerk'::regrole);
--- remarks
DefaultPrivilegeLeftOut DEFAULT ACL "acme_r".DEFAULT PRIVILEGES FOR TABLES
NotAsItWas default privileges of gone_default_owner in acme_r for r
NotAsItWas default privileges of olga in acme_r for r
RoleMissing "gone_default"
RoleMissing "gone_default_owner"
RoleMissing "gone_default_owner"
--- ddl
- ALTER DEFAULT PRIVILEGES FOR ROLE gone_default_owner IN SCHEMA acme GRANT INSERT ON TABLES  TO auditor;
- ALTER DEFAULT PRIVILEGES FOR ROLE olga IN SCHEMA acme GRANT SELECT ON TABLES  TO gone_default;
- GRANT ALL ON SCHEMA acme TO gone_default_owner;
- GRANT SELECT ON TABLE acme.t TO gone_default;
