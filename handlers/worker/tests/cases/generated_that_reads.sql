-- A generated column whose function reads a table that comes later, or has changed since the rows were written.
create table acme.z_factor (n int);
insert into acme.z_factor values (2);
create function acme.times(x int) returns int language plpgsql immutable as $$begin return (select x * n from acme.z_factor); end$$;
create table acme.a_reads (id int, n int generated always as (acme.times(id)) stored);
insert into acme.a_reads values (1), (2);
create function acme.plus(x int) returns int language sql immutable as $$select x + 1$$;
create table acme.older (id int, n int generated always as (acme.plus(id)) stored);
insert into acme.older values (1);
create or replace function acme.plus(x int) returns int language sql immutable as $$select x + 2$$;
--- differences
table "acme_r"."older" has other content in as many rows
