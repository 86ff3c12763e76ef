-- Inheritance without partitions: several parents, overridden defaults, checks that aren't inherited.
create table acme.base (id int default 1, note text, constraint positive check (id > 0), constraint alone check (note <> 'child') no inherit);
create table acme.other (flag boolean default true, id int);
create table acme.child (own int, note text default 'child default') inherits (acme.base, acme.other);
create table acme.grandchild (constraint more check (own < 100)) inherits (acme.child);
create table acme.adopted (note text, id int, later int, constraint positive check (id > 0));
alter table acme.adopted inherit acme.base;
insert into acme.base values (1, 'base');
insert into acme.child values (2, 'child', true, 5), (2, 'child', true, 5);
insert into acme.grandchild values (3, 'grandchild', false, 6);
insert into acme.adopted values ('adopted', 4, 7);
alter table acme.child alter column id set default 22;
alter table acme.grandchild alter column id drop default;
create index on acme.child (id);
create view acme.all_of_them as select * from acme.base;
create view acme.base_only as select * from only acme.base;
--- later
delete from acme.base;
--- holds
select 'all', (select count(*) = 5 from acme_r.all_of_them);
select 'only', (select count(*) = 1 from acme_r.base_only);
select 'child only', (select count(*) = 2 from only acme_r.child);
select 'two parents', (select array_agg(inhparent::regclass::text order by inhseqno) = '{acme_r.base,acme_r.other}' from pg_inherits where inhrelid = 'acme_r.child'::regclass);
--- differences
# pg_dump writes inherited columns first, so the adopted table has another order of columns than it had.
column acme_r.adopted.id is defined otherwise
column acme_r.adopted.note is defined otherwise
table "acme_r"."adopted" has other content in as many rows
