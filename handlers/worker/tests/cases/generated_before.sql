-- A generated column whose function has changed since the rows were written: it is computed anew, and that is told.
create function acme.plus(x int) returns int language sql immutable as $$select x + 1$$;
create table acme.older (id int, n int generated always as (acme.plus(id)) stored);
insert into acme.older values (1);
create or replace function acme.plus(x int) returns int language sql immutable as $$select x + 2$$;
--- differences
table "acme_r"."older" has other content in as many rows
