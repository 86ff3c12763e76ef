-- Rows of one sample tenant, in the first schema of search_path.
--
-- Pure arithmetic: the same schema name always gets the same rows. "salt" makes
-- the tenants differ, so that a row in the wrong tenant cannot go unnoticed.

insert into users (email, full_name, status, tags, preferences, last_seen, created_at, updated_at)
select format('user%s@%s.example', n, replace(current_schema(), '_', '-')),
       format('%s %s',
              (array['Ada', 'Björn', 'Chloé', 'Dinh', 'Elif', 'Farid', 'Grażyna', 'Hōshi'])[1 + (n + salt) % 8],
              (array['Acker', 'Baños', 'O''Neill', 'Dvořák', 'Ek', 'Fuentes'])[1 + (n * 7 + salt) % 6]),
       (array['active', 'active', 'active', 'suspended', 'closed']::user_status[])[1 + (n * 3 + salt) % 5],
       case when n % 4 = 0 then array[]::text[]
            else array['tier:' || (n % 3), 'says "hi", {brace}', 'region-' || (n + salt) % 12] end,
       jsonb_build_object(
           'theme', (array['dark', 'light'])[1 + n % 2],
           'newsletter', n % 3 = 0,
           'limits', jsonb_build_object('monthly', n * 10 + salt, 'ratio', (n % 7)::numeric / 7),
           'nickname', case when n % 5 = 0 then null else 'n' || n end),
       case when n % 6 <> 0 then timestamp '2026-03-01 08:00:00.123456' + n * interval '37 minutes 11 seconds' end,
       timestamptz '2026-01-01 00:00:00+00' + n * interval '29 minutes',
       timestamptz '2026-01-01 00:00:00+00' + n * interval '29 minutes'
  from (select n::integer,
               (('x' || substr(md5(current_schema()), 1, 4))::bit(16)::integer % 97) as salt
          from generate_series(1, 2000) n) rows;

insert into products (sku, name, category, price, stock, created_at, updated_at)
select format('SKU-%s-%s', salt, lpad(n::text, 5, '0')),
       format('Product %s "%s"', n, chr(945 + (n + salt) % 17)),
       (array['books', 'garden', 'kitchen', 'music', 'tools'])[1 + (n + salt) % 5],
       ((n * 137 + salt * 11) % 99999)::numeric / 100,
       (n * 31 + salt) % 500,
       timestamptz '2025-11-15 12:00:00.5+00' + n * interval '13 minutes',
       timestamptz '2025-11-15 12:00:00.5+00' + n * interval '13 minutes'
  from (select n::integer,
               (('x' || substr(md5(current_schema()), 1, 4))::bit(16)::integer % 97) as salt
          from generate_series(1, 2000) n) rows;

insert into orders (user_id, status, shipping, notes, placed_at, updated_at)
select 1000 + (n * 17 + salt) % 2000,
       (enum_range(null::order_status))[1 + (n + salt) % 5],
       jsonb_build_object(
           'city', (array['Paris', 'Lyon', 'Zürich', '東京'])[1 + (n + salt) % 4],
           'street', format(E'%s rue de l\'Essai\n2\u00e8me \u00e9tage', n % 200),
           'express', n % 9 = 0),
       case n % 3 when 0 then null when 1 then array['gift', null] else array['leave at door', 'call ' || n] end,
       timestamptz '2026-02-01 00:00:00+00' + n * interval '11 minutes 3.5 seconds',
       timestamptz '2026-02-01 00:00:00+00' + n * interval '11 minutes 3.5 seconds'
  from (select n::integer,
               (('x' || substr(md5(current_schema()), 1, 4))::bit(16)::integer % 97) as salt
          from generate_series(1, 4000) n) rows;

insert into order_items (order_id, product_id, quantity, unit_price, line_total, added_at)
select o.id, p.id, 1 + (o.id + line) % 9, p.price, p.price * (1 + (o.id + line) % 9), o.placed_at
  from orders o
 cross join generate_series(1, 3) line
  join products p on p.id = 1 + (o.id * 3 + line * 601) % 2000
 where line <= 1 + o.id % 3;

-- The trigger must not stamp these rows with the time of loading.
alter table orders disable trigger orders_touch;
update orders o
   set total = (select sum(i.line_total) from order_items i where i.order_id = o.id);
alter table orders enable trigger orders_touch;

analyze users, products, orders, order_items;
