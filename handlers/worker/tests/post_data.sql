create table acme.customer (id int, code text not null, region int not null);
insert into acme.customer select i, 'c' || i, i % 4 from generate_series(1, 3000) i;
alter table acme.customer add constraint customer_pkey primary key (id);
create unique index customer_code on acme.customer (code);
alter table acme.customer add constraint customer_by_code unique using index customer_code;
alter table acme.customer replica identity using index customer_by_code;
create index customer_region on acme.customer (region);
alter table acme.customer cluster on customer_region;
create statistics acme.customer_statistics on code, region from acme.customer;
-- A view that needs the primary key to be there, and what hangs on it.
create view acme.regions as select id, code, count(*) from acme.customer group by id;
create materialized view acme.filled as select * from acme.regions;
create unique index filled_id on acme.filled (id);
-- A tree whose indexes are attached to their parents', a key to it, and one of it.
create table acme.invoice (id int, day date, customer int) partition by range (day);
create table acme.invoice_1 partition of acme.invoice for values from ('2026-01-01') to ('2026-02-01') partition by list (customer);
create table acme.invoice_1_all partition of acme.invoice_1 default;
create table acme.invoice_2 partition of acme.invoice for values from ('2026-02-01') to ('2026-03-01');
insert into acme.invoice select i, '2026-01-01'::date + i % 59, i from generate_series(1, 3000) i;
alter table acme.invoice add primary key (id, day, customer);
create index invoice_customer on acme.invoice (customer);
alter table acme.invoice add constraint invoice_customer foreign key (customer) references acme.customer (id);
create table acme.line (invoice int, day date, customer int, position int, exclude using btree (position with =));
insert into acme.line select id, day, customer, id from acme.invoice;
alter table acme.line add constraint line_invoice foreign key (invoice, day, customer) references acme.invoice;
-- Many keys to the same table, one to itself, one that rows are against.
create table acme.a as select id, id as parent from acme.customer;
create table acme.b as select id, code from acme.customer;
alter table acme.a add primary key (id);
alter table acme.a add constraint a_self foreign key (parent) references acme.a (id);
alter table acme.a add constraint a_customer foreign key (id) references acme.customer (id) deferrable initially deferred;
alter table acme.b add constraint b_code foreign key (code) references acme.customer (code) on delete cascade;
alter table acme.b add constraint b_not_valid foreign key (id) references acme.a (id) not valid;
-- Triggers and rules, in every state.
create function acme.touch() returns trigger language plpgsql as $f$ begin return new; end $f$;
create trigger touch before update on acme.customer for each row execute function acme.touch();
create trigger off before update on acme.customer for each row execute function acme.touch();
alter table acme.customer disable trigger off;
create constraint trigger late after insert on acme.b from acme.customer deferrable for each row execute function acme.touch();
create rule no_delete as on delete to acme.a do instead nothing;
alter table acme.a enable always rule no_delete;
alter table acme.b add constraint b_check check (id > 0) not valid;
create policy own on acme.b using (id > 0);
alter table acme.b enable row level security;
