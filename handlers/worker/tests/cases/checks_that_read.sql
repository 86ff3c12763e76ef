-- Checks that read other tables, which come after theirs.
create table acme.a_guarded (id int, kind text);
create table acme.z_allowed (kind text primary key);
insert into acme.z_allowed values ('x'), ('y');
create function acme.is_allowed(k text) returns boolean language plpgsql stable as $$begin return exists (select from acme.z_allowed where kind = k); end$$;
alter table acme.a_guarded add constraint allowed check (acme.is_allowed(kind));
insert into acme.a_guarded values (1, 'x'), (2, 'y');
create function acme.is_one_of(k text, kinds text) returns boolean language plpgsql stable as $$begin return exists (select from acme.z_allowed where kind = k); end$$;
create operator acme.<~ (leftarg = text, rightarg = text, function = acme.is_one_of);
create table acme.a_by_operator (kind text constraint allowed check (kind operator(acme.<~) 'kinds'));
insert into acme.a_by_operator values ('x');
create table acme.a_broken (kind text constraint allowed check (acme.is_allowed(kind)));
insert into acme.z_allowed values ('gone');
insert into acme.a_broken values ('gone'), ('gone'), ('x');
delete from acme.z_allowed where kind = 'gone';
--- later
delete from acme.z_allowed;
--- holds
select 'rows', (select count(*) = 2 from acme_r.a_guarded) and (select count(*) = 3 from acme_r.a_broken);
select 'valid', (select convalidated from pg_constraint where conrelid = 'acme_r.a_guarded'::regclass);
select 'valid', (select convalidated from pg_constraint where conrelid = 'acme_r.a_by_operator'::regclass);
--- remarks
CheckNotValid "allowed" on "acme_r"."a_broken"
--- ddl
+ ADD CONSTRAINT allowed CHECK (acme.is_allowed(kind)) NOT VALID;
+ ALTER TABLE acme.a_broken
- kind text,
+ kind text
- CONSTRAINT allowed CHECK (acme.is_allowed(kind))
