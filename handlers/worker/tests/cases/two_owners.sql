-- Two roles own something, so what isn't as it was isn't handed over. Keys and checks that stay NOT VALID at their partitions are
-- as they were, and so is what names an extension's objects.
reset role;
create extension citext schema acme;
create schema shared;
grant usage on schema shared to public;
create table shared.country (code text primary key);
insert into shared.country values ('de'), ('fr');
grant references, select on shared.country to olga;
alter table shared.country owner to master;
grant usage, create on schema acme to clerk;
set role olga;
create table acme.tree (id int, country text references shared.country) partition by range (id);
create table acme.tree_1 partition of acme.tree for values from (0) to (10);
insert into acme.tree values (1, 'de'), (2, 'fr');
create table acme.allowed (kind text primary key);
create function acme.is_allowed(k text) returns boolean language plpgsql stable as $$begin return exists (select from acme.allowed where kind = k); end$$;
create table acme.checked (id int, kind text, constraint allowed check (acme.is_allowed(kind))) partition by range (id);
create table acme.checked_1 partition of acme.checked for values from (0) to (10);
insert into acme.allowed values ('gone');
insert into acme.checked values (1, 'gone');
delete from acme.allowed;
create table acme.guarded (id int, email acme.citext);
create policy by_email on acme.guarded using (email operator(acme.=) 'a@b.de'::acme.citext);
create policy narrows on acme.guarded as restrictive to clerk using (acme.regexp_match(email, 'b'::acme.citext) is not null);
alter table acme.guarded enable row level security;
create view acme.seen as select g.email, t.id from acme.guarded g join acme.tree t on t.id = g.id;
set role clerk;
create function acme.of_clerk() returns int language sql security definer as 'select 1';
--- later
delete from acme.tree where country = 'fr';
delete from shared.country where code = 'fr';
--- holds
select 'owners', (select count(distinct proowner) = 2 from pg_proc where pronamespace = 'acme_r'::regnamespace);
select 'rows', (select count(*) = 2 from acme_r.tree) and (select count(*) = 1 from acme_r.checked);
select 'protected', (select count(*) = 2 from pg_policy where polrelid = 'acme_r.guarded'::regclass);
--- remarks
ExtensionInSchema citext
ForeignKeyNotValid "tree_country_fkey" on "acme_r"."tree_1"
ForeignKeyLeftOut "tree_country_fkey" on "acme_r"."tree"
CheckNotValid "allowed" on "acme_r"."checked"
--- ddl
+ ADD CONSTRAINT allowed CHECK (acme.is_allowed(kind)) NOT VALID;
+ ADD CONSTRAINT tree_country_fkey FOREIGN KEY (country) REFERENCES shared.country(code) NOT VALID;
+ ALTER TABLE ONLY acme.tree_1
+ ALTER TABLE acme.checked
+ kind text
+ kind text
- ADD CONSTRAINT tree_country_fkey FOREIGN KEY (country) REFERENCES shared.country(code);
- ALTER TABLE acme.tree
- CONSTRAINT allowed CHECK (acme.is_allowed(kind))
- CONSTRAINT allowed CHECK (acme.is_allowed(kind))
- kind text,
- kind text,
--- mentions
CREATE POLICY by_email ON acme_r.guarded USING ((email OPERATOR(acme.=) 'a@b.de'::acme.citext));
CREATE POLICY narrows ON acme_r.guarded AS RESTRICTIVE TO clerk USING ((acme.regexp_match(email, 'b'::acme.citext) IS NOT NULL));
email acme.citext
