-- A child of a table in a schema that isn't restored: it would hang on the live one and show its rows there.
reset role;
create schema parts authorization olga;
set role olga;
create table parts.event (id int, at date) partition by range (at);
create table acme.event_2024 partition of parts.event for values from ('2024-01-01') to ('2025-01-01');
create table parts.base (id int);
create table acme.child () inherits (parts.base);
insert into acme.child values (1);
--- fails
extract: acme.child has a parent parts.base in a schema that isn't restored: it would hang on the live one
extract: acme.event_2024 has a parent parts.event in a schema that isn't restored: it would hang on the live one
