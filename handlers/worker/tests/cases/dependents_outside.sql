-- Views, foreign keys and functions outside that need the schema stay with the live one, and that is told.
reset role;
create schema reports authorization olga;
set role olga;
create table acme.t (id int primary key, word text);
insert into acme.t values (1, 'then');
create view reports.words as select word from acme.t;
create table reports.refers (id int references acme.t);
insert into reports.refers values (1);
create function reports.row_of() returns setof acme.t language sql as 'select * from acme.t';
--- later
update acme.t set word = 'now';
--- holds
select 'the view reads live', (select word = 'now' from reports.words);
select 'one key', (select count(*) = 1 from pg_constraint where confrelid in ('acme.t'::regclass, 'acme_r.t'::regclass));
--- remarks
DependentsStay "acme_r"
