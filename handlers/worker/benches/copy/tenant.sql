-- A tenant of about $MIB MiB with many kinds of values; texts and bytes that don't compress well, as real ones.
create schema acme authorization olga;
set role olga;
set synchronous_commit = off;
create type acme.status as enum ('open', 'paid', 'shipped', 'returned');
create type acme.place as (street text, number int);
create domain acme.email as text check (value like '%@%');
create table acme.customer (
    id bigint primary key, name text not null, email acme.email, home acme.place, since date, score float8,
    tags text[], address inet, options jsonb
);
insert into acme.customer
select i, 'customer ' || i, i || '@example.com', ('street ' || i % 977, i % 100)::acme.place, '2020-01-01'::date + (i % 2000)::int,
       random() * 1000, array['a' || i % 7, 'b' || i % 11], ('10.0.' || i % 250 || '.' || i % 240)::inet,
       jsonb_build_object('lang', (array['de', 'en', 'fr'])[1 + i % 3], 'n', i)
  from generate_series(1, $MIB * 150) i;
-- The big one: half of all.
create table acme.orders (
    id bigint primary key, ref uuid not null, customer bigint not null, placed timestamptz not null, status acme.status,
    amount numeric(14, 4), rates float8[], lines jsonb, note text, hash bytea
);
insert into acme.orders
select i, md5(i::text)::uuid, 1 + i % ($MIB * 150), '2024-01-01'::timestamptz + i * interval '17 s',
       (array['open', 'paid', 'shipped', 'returned'])[1 + i % 4]::acme.status, (random() * 100000)::numeric(14, 4),
       array[random(), random()], jsonb_build_object('sku', md5((i * 7)::text), 'count', i % 9, 'gift', i % 2 = 0),
       md5((i * 3)::text), sha256(i::text::bytea)
  from generate_series(1, $MIB * 2400) i;
-- Values beside the heap.
create table acme.document (id bigint primary key, body text, scan bytea);
alter table acme.document alter body set storage external, alter scan set storage external;
insert into acme.document
select i, (select string_agg(md5((i * 1000 + j)::text), '') from generate_series(1, 400) j),
       (select string_agg(sha256((i * 1000 + j)::text::bytea), '') from generate_series(1, 200) j)
  from generate_series(1, $MIB * 16) i;
create table acme.event (at timestamptz not null, id bigint, during tstzrange, kind text, payload jsonb) partition by range (at);
create table acme.event_1 partition of acme.event for values from ('2026-01-01') to ('2026-02-01');
create table acme.event_2 partition of acme.event for values from ('2026-02-01') to ('2026-03-01');
create table acme.event_3 partition of acme.event for values from ('2026-03-01') to ('2026-04-01');
insert into acme.event
select at, i, tstzrange(at, at + interval '1 h'), 'kind ' || i % 50, jsonb_build_object('v', i, 'x', md5(i::text))
  from generate_series(1, $MIB * 1100) i, lateral (select '2026-01-01'::timestamptz + (i % 7600000) * interval '1 s' as at) a;
create table acme.session (id uuid, kind acme.status, data jsonb) partition by hash (id);
create table acme.session_0 partition of acme.session for values with (modulus 2, remainder 0);
create table acme.session_1 partition of acme.session for values with (modulus 2, remainder 1);
insert into acme.session
select md5(i::text)::uuid, 'open', jsonb_build_object('token', md5((i * 5)::text), 'n', i) from generate_series(1, $MIB * 800) i;
alter table acme.event add primary key (at, id);
alter table acme.session add primary key (id);
create index orders_customer on acme.orders (customer);
create index orders_placed on acme.orders (placed) where status = 'open';
create unique index orders_ref on acme.orders (ref);
create index customer_name on acme.customer (lower(name));
create index event_kind on acme.event (kind);
alter table acme.orders add foreign key (customer) references acme.customer (id);
reset role;
reset synchronous_commit;
vacuum analyze;
checkpoint;
