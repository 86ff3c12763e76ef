-- Schemas whose names need quotes or are words of SQL, in every text.
reset role;
create schema "Acme-1.b""x" authorization olga;
create schema "order" authorization olga;
set role olga;
create sequence "Acme-1.b""x".s;
create table "Acme-1.b""x"."T" (id int primary key, n int default nextval('"Acme-1.b""x".s'::text));
create function "Acme-1.b""x".f() returns bigint language sql as $$select count(*) from "Acme-1.b""x"."T"$$;
create function "Acme-1.b""x".g() returns bigint language sql set search_path = "Acme-1.b""x", public as $$select count(*) from "T"$$;
create function acme.h() returns bigint language plpgsql as $$begin return (select count(*) from "Acme-1.b""x"."T" where id = nextval('"Acme-1.b""x".s')); end$$;
insert into "Acme-1.b""x"."T" (id) values (1);
create table "order"."order" ("order" int);
create function "order"."order"() returns bigint language sql as $$select count(*) from "order"."order" order by 1$$;
create table acme.t (id int);
create view acme.v as select "order" from "order"."order";
--- schemas
Acme-1.b"x
order
--- later
insert into "Acme-1.b""x"."T" (id) values (5);
insert into "order"."order" values (1);
--- holds
select 'body', "Acme-1.b""x_r".f() = 1 and "Acme-1.b""x_r".g() = 1;
select 'text default', (select n = 1 from "Acme-1.b""x_r"."T");
insert into "Acme-1.b""x_r"."T" (id) values (2);
select 'text default', (select n = 2 from "Acme-1.b""x_r"."T" where id = 2);
select 'a word of SQL', (select order_r."order"() = 0);
--- mentions
SELECT "order"."order"
