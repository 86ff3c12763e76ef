-- An extension that production has no longer.
reset role;
create extension ltree schema public;
set role olga;
create table acme.t (id int primary key, path public.ltree);
--- later
drop extension ltree cascade;
--- fails
extract: the schemas use the extension ltree (version 1.2 then), which production doesn't have
