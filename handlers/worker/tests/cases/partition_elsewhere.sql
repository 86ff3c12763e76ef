-- A partition in a schema that isn't restored: the restored table would lack its rows.
reset role;
create schema parts authorization olga;
set role olga;
create table acme.event (id int, at date) partition by range (at);
create table parts.event_2024 partition of acme.event for values from ('2024-01-01') to ('2025-01-01');
insert into acme.event values (1, '2024-05-05');
--- fails
extract: acme.event has a partition or child parts.event_2024 in a schema that isn't restored: its rows would be missing
