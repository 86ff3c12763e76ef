-- The same, with both schemas restored together.
reset role;
create schema parts authorization olga;
set role olga;
create table acme.event (id int, at date) partition by range (at);
create table parts.event_2024 partition of acme.event for values from ('2024-01-01') to ('2025-01-01');
insert into acme.event values (1, '2024-05-05');
create function parts.of_acme() returns bigint language sql as $$select count(*) from acme.event join parts.event_2024 using (id)$$;
create view parts.both as select e.id from acme.event e join parts.event_2024 p using (id);
create table parts.ref (id int primary key);
create table acme.refers (id int references parts.ref);
--- schemas
parts
--- later
delete from acme.event;
--- holds
select 'rows', (select count(*) = 1 from acme_r.event);
select 'function of both', parts_r.of_acme() = 1;
select 'view of both', (select count(*) = 1 from parts_r.both);
select 'foreign key', (select confrelid = 'parts_r.ref'::regclass from pg_constraint where conrelid = 'acme_r.refers'::regclass and contype = 'f');
