-- Tables that are big next to pieces of 1 MiB, in every shape that is split in its own way.
create schema acme authorization olga;
set role olga;
-- One heap; its middle and its tail are empty, and only vacuum will drop the tail.
create table acme.big (id int primary key, note text);
insert into acme.big select i, repeat(md5(i::text), 6) from generate_series(1, 40000) i;
delete from acme.big where id between 10000 and 20000 or id > 35000;
-- A small heap with huge values beside it.
create table acme.wide (id int primary key, filler char(1000), document text);
alter table acme.wide alter filler set storage plain, alter document set storage external;
insert into acme.wide select i, 'x', repeat(md5(i::text), 4000) from generate_series(1, 60) i;
-- OIDs mean something else on another server, so these rows travel as text.
create table acme.by_text (id int, kind regclass, note text);
insert into acme.by_text select i, 'acme.big', repeat(md5(i::text), 6) from generate_series(1, 15000) i;
-- Rows of these leaves may belong to another leaf, so they go through the root.
create type acme.mood as enum ('calm', 'cross');
create table acme.tree (mood acme.mood, id int, note text) partition by hash (mood, id);
create table acme.tree_0 partition of acme.tree for values with (modulus 2, remainder 0);
create table acme.tree_1 partition of acme.tree for values with (modulus 2, remainder 1);
insert into acme.tree
select case when i % 3 = 0 then 'calm' else 'cross' end::acme.mood, i, repeat(md5(i::text), 6) from generate_series(1, 20000) i;
-- A parent's rows aren't its child's.
create table acme.child (extra text) inherits (acme.big);
insert into acme.child select -i, repeat(md5(i::text), 6), 'x' from generate_series(1, 9000) i;
create table acme.small (id int);
insert into acme.small select generate_series(1, 10);
create table acme.without_columns ();
insert into acme.without_columns default values;
create table acme.empty (id int);
reset role;
