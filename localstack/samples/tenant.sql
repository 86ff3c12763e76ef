-- One sample tenant, in the first schema of search_path.
--
-- Nothing here names a schema: the caller creates it and sets search_path (see
-- load.sql for psql). Run by an ordinary RDS master user; no superuser needed.

create type user_status as enum ('active', 'suspended', 'closed');
create type order_status as enum ('pending', 'paid', 'shipped', 'delivered', 'cancelled');

create sequence user_id_seq as bigint start with 1000;
create sequence order_number_seq as bigint start with 100000 increment by 10;
create sequence product_id_seq as integer;
create sequence order_id_seq as bigint;
create sequence order_item_id_seq as bigint cache 10;

create function assign_user_code() returns trigger
language plpgsql as $$
begin
    new.user_code := 'U' || lpad(new.id::text, 8, '0') || '-' || upper(left(md5(new.email), 4));
    return new;
end
$$;

create function touch_updated_at() returns trigger
language plpgsql as $$
begin
    new.updated_at := clock_timestamp();
    return new;
end
$$;

create function next_order_number() returns varchar
language plpgsql volatile as $$
begin
    return 'ORD-' || lpad(nextval('order_number_seq')::text, 10, '0');
end
$$;

create table users (
    id          bigint        not null default nextval('user_id_seq'),
    user_code   varchar(20)   not null,
    email       varchar(254)  not null,
    full_name   varchar(120)  not null,
    status      user_status   not null default 'active',
    tags        text[]        not null default '{}',
    preferences jsonb         not null default '{}',
    last_seen   timestamp,
    created_at  timestamptz   not null default now(),
    updated_at  timestamptz   not null default now(),
    constraint users_pkey primary key (id),
    constraint users_user_code_key unique (user_code),
    constraint users_email_key unique (email),
    constraint users_email_check check (position('@' in email) > 1),
    constraint users_preferences_check check (jsonb_typeof(preferences) = 'object')
);
alter sequence user_id_seq owned by users.id;

create table products (
    id          integer       not null default nextval('product_id_seq'),
    sku         varchar(32)   not null,
    name        varchar(120)  not null,
    category    varchar(40)   not null,
    price       numeric(10,2) not null,
    stock       integer       not null default 0,
    created_at  timestamptz   not null default now(),
    updated_at  timestamptz   not null default now(),
    constraint products_pkey primary key (id),
    constraint products_sku_key unique (sku),
    constraint products_price_check check (price >= 0),
    constraint products_stock_check check (stock >= 0)
);
alter sequence product_id_seq owned by products.id;

create table orders (
    id           bigint        not null default nextval('order_id_seq'),
    order_number varchar(20)   not null default next_order_number(),
    user_id      bigint        not null,
    status       order_status  not null default 'pending',
    shipping     jsonb         not null,
    notes        text[],
    total        numeric(12,2) not null default 0,
    placed_at    timestamptz   not null default now(),
    updated_at   timestamptz   not null default now(),
    constraint orders_pkey primary key (id),
    constraint orders_order_number_key unique (order_number),
    constraint orders_user_id_fkey foreign key (user_id) references users (id),
    constraint orders_total_check check (total >= 0),
    constraint orders_shipping_check check (shipping ? 'city')
);
alter sequence order_id_seq owned by orders.id;

create table order_items (
    id          bigint        not null default nextval('order_item_id_seq'),
    order_id    bigint        not null,
    product_id  integer       not null,
    quantity    integer       not null,
    unit_price  numeric(10,2) not null,
    line_total  numeric(12,2) not null,
    added_at    timestamptz   not null default now(),
    constraint order_items_pkey primary key (id),
    constraint order_items_order_product_key unique (order_id, product_id),
    constraint order_items_order_id_fkey foreign key (order_id) references orders (id) on delete cascade,
    constraint order_items_product_id_fkey foreign key (product_id) references products (id),
    constraint order_items_quantity_check check (quantity between 1 and 1000),
    constraint order_items_line_total_check check (line_total = quantity * unit_price)
);
alter sequence order_item_id_seq owned by order_items.id;

create index users_tags_idx on users using gin (tags);
create index users_preferences_idx on users using gin (preferences jsonb_path_ops);
create index users_lower_email_idx on users (lower(email));
create index products_category_price_idx on products (category, price desc);
create index orders_user_id_idx on orders (user_id);
create index orders_open_idx on orders (placed_at) where status in ('pending', 'paid');
create index order_items_product_id_idx on order_items (product_id) include (quantity);

create trigger users_assign_code before insert on users
    for each row execute function assign_user_code();
create trigger users_touch before update on users
    for each row execute function touch_updated_at();
create trigger products_touch before update on products
    for each row execute function touch_updated_at();
create trigger orders_touch before update on orders
    for each row when (old.* is distinct from new.*) execute function touch_updated_at();

create view order_summary as
    select u.id as user_id,
           u.user_code,
           count(o.id) as orders,
           coalesce(sum(o.total), 0) as spent,
           max(o.placed_at) as last_order_at
      from users u
      left join orders o on o.user_id = u.id and o.status <> 'cancelled'
     group by u.id, u.user_code;

create view product_sales as
    select p.id as product_id,
           p.sku,
           coalesce(sum(i.quantity), 0) as sold,
           coalesce(sum(i.line_total), 0) as revenue
      from products p
      left join order_items i on i.product_id = p.id
     group by p.id, p.sku;

create view monthly_revenue as
    select date_trunc('month', o.placed_at at time zone 'UTC') as month,
           o.status,
           count(*) as orders,
           sum(o.total) as revenue
      from orders o
     group by 1, 2;

-- Row level security binds the application's role; owner and master see every row.
alter table users enable row level security;
alter table orders enable row level security;

-- What needs the schema's own name: the application's role, its rights, and a
-- function whose author wrote the schema's name into the body, as happens.
do $$
declare
    schema constant name := current_schema();
    app constant name := schema || '_app';
begin
    -- Roles are the server's: one outlives a schema that was dropped.
    if not exists (select from pg_roles where rolname = app) then
        execute format('create role %I nologin', app);
    end if;
    execute format('grant usage on schema %I to %I', schema, app);
    execute format('grant select, insert on users, orders, order_items to %I', app);
    execute format('grant update (status, tags, preferences) on users to %I', app);
    execute format('grant update (status, total) on orders to %I', app);
    execute format('grant select on products, order_summary, product_sales to %I', app);
    execute format('grant usage on sequence user_id_seq, order_number_seq, order_id_seq, order_item_id_seq to %I', app);

    execute format('create policy users_visible on users for select to %I using (status <> ''closed'')', app);
    execute format('create policy users_signup on users for insert to %I with check (status = ''active'')', app);
    execute format(
        'create policy orders_own on orders to %I using (user_id = nullif(current_setting(''app.user_id'', true), '''')::bigint)',
        app
    );

    execute format(
        'create function order_total(wanted bigint) returns numeric language sql stable as $body$
    select coalesce(sum(line_total), 0) from %I.order_items where order_id = wanted
$body$',
        schema
    );
    revoke execute on function order_total(bigint) from public;
    execute format('grant execute on function order_total(bigint) to %I', app);

    execute format('comment on schema %I is ''A sample tenant: a small shop''', schema);
end
$$;

comment on table users is 'Customers of the shop';
comment on column users.user_code is 'Public code, assigned by trigger from id and email';
comment on table products is 'What the shop sells';
comment on table orders is 'Orders, one per checkout';
comment on column orders.order_number is 'Printed on the invoice; from a sequence that steps by ten';
comment on table order_items is 'Lines of an order';
comment on view product_sales is 'Sold quantity and revenue per product';
comment on function next_order_number() is 'The next invoice number';
