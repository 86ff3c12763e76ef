-- Rows against checks and keys that are NOT VALID, in trees and in children.
create table acme.t (n int);
insert into acme.t values (-1);
alter table acme.t add constraint positive check (n > 0) not valid;
create table acme.tree (n int) partition by range (n);
create table acme.leaf partition of acme.tree for values from (-10) to (10);
insert into acme.tree values (-1);
alter table acme.tree add constraint positive check (n > 0) not valid;
create table acme.base (n int);
create table acme.child () inherits (acme.base);
insert into acme.child values (-1);
alter table acme.base add constraint positive check (n > 0) not valid;
create domain acme.d as int;
create table acme.of_d (d acme.d, ds acme.d[]);
insert into acme.of_d values (-1, '{-1,1}');
alter domain acme.d add constraint positive check (value > 0) not valid;
--- holds
select 'rows', (select count(*) = 1 from acme_r.leaf) and (select count(*) = 1 from acme_r.child) and (select count(*) = 1 from acme_r.of_d);
select 'not valid', (select count(*) = 6 from pg_constraint where connamespace = 'acme_r'::regnamespace and conname = 'positive' and not convalidated);
