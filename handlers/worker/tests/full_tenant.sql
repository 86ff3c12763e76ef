-- A tenant with one of each: owners, grants, types, partitions, protection, and ties to tables outside.
create role olga nologin;
create role clerk nologin;
create role auditor nologin;
create role gone nologin;
create role iam_person login;
grant rds_iam to iam_person;
grant create on database app to olga, iam_person;
alter default privileges for role master grant all on tables to clerk;
set role master;
create schema shared;
grant usage on schema shared to public;
create type shared.money_kind as enum ('eur', 'usd');
create table shared.country (code char(2) primary key, name text);
insert into shared.country values ('de', 'Germany'), ('fr', 'France');
create table shared.colour (code int primary key);
insert into shared.colour values (1), (2);
grant references, select on shared.country, shared.colour to olga;
create schema neighbour;
create table neighbour.precious (id int primary key, word text);
insert into neighbour.precious values (1, 'untouched');
reset role;

set role olga;
create schema acme;
reset role;
create extension citext schema acme;
set role olga;
comment on schema acme is 'a tenant';
create type acme.status as enum ('new', 'paid', 'closed');
create domain acme.percent as numeric(5, 2) check (value between 0 and 100);
create type acme.address as (street text, city text);
create type acme.span as range (subtype = int8);
create sequence acme.numbers as bigint start with 100 increment by 10;
create function acme.plus_one(n int) returns int language sql immutable as 'select n + 1';
revoke execute on function acme.plus_one(int) from public;
grant execute on function acme.plus_one(int) to clerk;
create function acme.stamp() returns trigger language plpgsql as $f$
begin
    new.touched := coalesce(new.touched, 0) + 1;
    return new;
end $f$;
create function acme.same(one acme.citext, other acme.citext) returns boolean language sql immutable as 'select one is not distinct from other';
grant execute on function acme.same(acme.citext, acme.citext) to clerk;
create aggregate acme.total (int) (sfunc = int4pl, stype = int, initcond = '0');
create procedure acme.noop() language sql as 'select 1';
create table acme.customer (
    id bigint generated always as identity primary key,
    name text not null,
    country char(2) references shared.country,
    state acme.status not null default 'new',
    tags text[] not null default '{}',
    past acme.status[],
    place acme.address,
    places acme.address[],
    share acme.percent,
    years acme.span,
    details jsonb not null default '{}',
    ratio double precision,
    shout text generated always as (upper(name)) stored,
    touched int,
    email acme.citext,
    emails acme.citext[],
    constraint short check (length(name) < 100)
);
insert into acme.customer (name, country, state, tags, past, place, places, share, years, details, ratio)
select 'name ' || i, 'de', (array['new', 'paid', 'closed'])[1 + i % 3]::acme.status, array['a', 'b' || i],
       array['new', 'paid']::acme.status[], row('street ' || i, 'city')::acme.address,
       array[row('x', 'y')::acme.address], i % 100, acme.span(i, i + 5), jsonb_build_object('n', i),
       case i % 3 when 0 then 'NaN'::float8 when 1 then i / 7.0 end
  from generate_series(1, 500) i;
create unique index customer_name on acme.customer (lower(name)) where state <> 'closed';
create index customer_tags on acme.customer using gin (tags);
create statistics acme.customer_state (dependencies) on state, country from acme.customer;
alter table acme.customer add constraint late check (touched is null or touched >= 0) not valid;
create table acme.invoice (
    number bigint primary key default nextval('acme.numbers'),
    customer bigint not null references acme.customer on delete cascade,
    relation regclass,
    colour int references shared.colour,
    during int4range,
    constraint no_overlap exclude using gist (during with &&)
);
alter sequence acme.numbers owned by acme.invoice.number;
insert into acme.invoice (customer, relation, colour, during)
select i, 'acme.customer'::regclass, 1 + i % 2, int4range(i * 10, i * 10 + 5) from generate_series(1, 50) i;
create table acme.nothing ();
create table acme.event (id int, kind acme.status) partition by hash (kind);
create table acme.event_0 partition of acme.event for values with (modulus 2, remainder 0);
create table acme.event_1 partition of acme.event for values with (modulus 2, remainder 1);
insert into acme.event select i, (array['new', 'paid', 'closed'])[1 + i % 3]::acme.status from generate_series(1, 90) i;
create table acme.ledger (day date not null, country char(2) references shared.country, amount numeric)
    partition by range (day);
create table acme.ledger_2024 partition of acme.ledger for values from ('2024-01-01') to ('2025-01-01');
create table acme.ledger_rest partition of acme.ledger default;
insert into acme.ledger values ('2024-05-01', 'fr', 1.5), ('2020-01-01', 'de', 2);
create index ledger_day on acme.ledger (day);
create view acme.paying as select id, name from acme.customer where state = 'paid';
create materialized view acme.per_state as select state, count(*) as customers from acme.customer group by state;
create unique index per_state_key on acme.per_state (state);
create materialized view acme.of_that as select max(customers) as most from acme.per_state;
create materialized view acme.empty as select 1 as one with no data;
create rule no_delete as on delete to acme.ledger_rest do instead nothing;
create trigger stamp before update on acme.customer for each row execute function acme.stamp();
create trigger sleeping before insert on acme.invoice for each row execute function acme.stamp();
alter table acme.invoice disable trigger sleeping;
create table acme.secret (id int primary key, holder text, word text);
insert into acme.secret values (1, 'olga', 'a'), (2, 'clerk', 'b'), (3, 'nobody', 'c');
create policy own on acme.secret for select to clerk using (holder = current_user);
alter table acme.secret enable row level security, force row level security;
comment on table acme.customer is 'who buys';
comment on column acme.customer.shout is 'loud';
comment on policy own on acme.secret is 'one''s own rows';
grant usage on schema acme to clerk, gone;
grant usage, create on schema acme to auditor with grant option;
grant select, insert on acme.customer to clerk;
grant update (state, name) on acme.customer to clerk;
grant select on acme.customer to auditor with grant option;
grant select on acme.secret to clerk, gone;
grant usage on sequence acme.numbers to clerk;
revoke usage on type acme.status from public;
alter default privileges in schema acme grant select on tables to clerk;
set role auditor;
grant select on acme.customer to clerk;
reset role;

-- Objects of other owners in the same schema: of the master, and of a role that logs in by IAM.
grant usage, create on schema acme to master, iam_person;
set role master;
create table acme.of_master (id int primary key, n int);
insert into acme.of_master select i, i from generate_series(1, 10) i;
revoke all on acme.of_master from clerk;
reset role;
create table acme.of_iam (id int primary key);
alter table acme.of_iam owner to iam_person;
create schema "Acme-1.b""x" authorization master;
set role master;
create table "Acme-1.b""x"."T able" (id int primary key, "select" text);
insert into "Acme-1.b""x"."T able" values (1, 'one');
revoke all on "Acme-1.b""x"."T able" from clerk;
grant usage on schema "Acme-1.b""x" to clerk;
grant select on "Acme-1.b""x"."T able" to clerk;
reset role;
create extension pgcrypto schema acme;
revoke create on schema acme from iam_person;
revoke all on schema acme from master;
analyze;
