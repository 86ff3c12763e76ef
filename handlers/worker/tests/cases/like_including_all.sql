-- What CREATE TABLE … LIKE and later ALTERs leave: renamed columns, constraints and sequences, changed types.
create table acme.first (id serial primary key, old_name text not null default 'x' check (old_name <> ''), n numeric(6, 2) unique, at timestamptz default now());
create table acme.second (like acme.first including all);
alter table acme.first rename to renamed;
alter table acme.renamed rename column old_name to new_name;
alter table acme.renamed rename constraint first_pkey to renamed_key;
alter sequence acme.first_id_seq rename to renamed_seq;
alter table acme.renamed alter column n type numeric(8, 3), alter column id type bigint, add column added text not null default 'added', alter column at drop default;
insert into acme.renamed (new_name, n) values ('a', 1.5), ('b', 2.125);
insert into acme.second (old_name) values ('c');
alter table acme.renamed add column missing int default 7;
create table acme.partly as select id, new_name from acme.renamed;
alter table acme.renamed alter column added set default 'other';
--- holds
select 'rows', (select array_agg(concat(id, new_name, n, added, missing) order by id)::text = '{1a1.500added7,2b2.125added7}' from acme_r.renamed);
insert into acme_r.second (old_name) values ('d');
insert into acme_r.renamed (new_name) values ('e');
select 'the shared sequence goes on', (select max(id) = 4 from acme_r.second) and (select max(id) = 5 from acme_r.renamed);
select 'live''s stands', (select last_value = 3 from acme.renamed_seq);
