-- A restrictive policy that can't be made would show its other roles more rows: nothing is opened then.
reset role;
create role gone_writer;
set role olga;
create table acme.t (id int);
create type acme.w as (g int);
create function acme.g(acme.w) returns int language sql as 'select $1.g';
-- Casts must not hinder taking the restore back.
create cast (acme.w as int) with function acme.g(acme.w);
create policy everybody on acme.t using (true);
create policy narrows on acme.t as restrictive to gone_writer, clerk using (id > 0);
alter table acme.t enable row level security;
--- later
drop owned by gone_writer;
drop role gone_writer;
--- fails
open: could not apply POLICY "acme_r".t narrows …: role "gone_writer" does not exist (SQLSTATE 42704)
