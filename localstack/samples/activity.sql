-- One checkout of a sample tenant: a new user, an order of theirs, its lines.
-- $1 makes the email unique; answers the number of rows written.
with customer as (
    insert into users (email, full_name, tags, preferences)
    values (format('activity-%s@live.example', $1::text), 'Live Customer', array['live'], '{"theme": "dark"}')
    returning id
), checkout as (
    insert into orders (user_id, shipping, notes, total)
    select customer.id, '{"city": "Paris"}', array['live'], 59.97
      from customer
    returning id
), lines as (
    insert into order_items (order_id, product_id, quantity, unit_price, line_total)
    select checkout.id, product, 1, 19.99, 19.99
      from checkout, generate_series(1, 3) product
    returning id
)
select (select count(*) from customer) + (select count(*) from checkout) + (select count(*) from lines)
