-- A tenant with an owner of its own, two schemas that refer to each other, and what is hard about renaming and moving.
create role olga nologin;
create role reader nologin;
grant create on database app to olga;
set role olga;
create schema acme;
create schema "Acme-1.b""x";
create table "Acme-1.b""x".customer (
    id bigint primary key,
    name varchar(40) not null,
    balance numeric(12, 2) not null default 0,
    since timestamptz not null default now()
);
insert into "Acme-1.b""x".customer values (1, 'Ada', 12.50), (2, 'Bob', 0);
create sequence acme.tickets;
create table acme.orders (
    id bigint primary key,
    customer bigint constraint orders_customer_fkey references "Acme-1.b""x".customer,
    note text,
    ticket bigint default nextval(('acme.tickets'::text)::regclass)
);
insert into acme.orders select i, 1, repeat('x', 200) from generate_series(1, 1000) i;
create view acme.big_orders as select * from acme.orders where id > 500;
create table acme.accounts (id uuid primary key, opened date not null, balance numeric(14, 2), active boolean);
insert into acme.accounts values ('9f0e2a3e-0000-4000-8000-000000000001', '2024-01-28', 12.50, true);
create table acme.readings (id int primary key, value double precision);
insert into acme.readings values (1, 1.5), (2, 'NaN');
create table acme.deadlines (id int primary key, due timestamp);
insert into acme.deadlines values (1, 'infinity');
create table acme.secret (id int primary key, owner text, word text);
insert into acme.secret values (1, 'olga', 'a'), (2, 'master', 'b');
alter table acme.secret enable row level security, force row level security;
create policy own on acme.secret using (owner = current_user);
create table acme.parted (id int primary key) partition by range (id);
create table acme.part_1 partition of acme.parted for values from (0) to (100);
create table acme.nokey (n int);
create unlogged table acme.gone_after_crash (id int primary key, t text);
create function acme.note_change() returns trigger language plpgsql as $f$
begin -- acme.comment
  insert into acme.nokey values (new.id);
  return new;
end $f$;
create trigger note after insert on acme.orders for each row execute function acme.note_change();
create function acme.dynamic() returns void language plpgsql as
    'begin execute ''delete from acme.nokey''; end';
create function acme.pathed() returns int language sql set search_path = acme, pg_temp as 'select 1';
create function acme.innocent() returns text language sql as $f$ select 'the acme company' /* acme.t */ $f$;
create function acme.aliased(acme int) returns bigint language sql as
    'select count(*) from acme.nokey acme, "Acme-1.b""x".customer where acme.n = $1';
create procedure acme.next_ticket(inout ticket bigint) language plpgsql as
    'begin ticket := nextval(''acme.tickets''); end';
create function acme.atomic() returns bigint begin atomic select count(*) from acme.nokey; end;
create domain acme.ticket as bigint default nextval(('acme.tickets'::text)::regclass);
create policy ticketed on acme.orders using (ticket < currval(('acme.tickets'::text)::regclass));
grant usage on schema acme to reader;
grant select on acme.orders to reader;
create table acme.scans (id int primary key, page oid);
insert into acme.scans values (1, lo_from_bytea(0, '\x01'));
reset role;
