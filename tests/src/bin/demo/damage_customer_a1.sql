-- A clean-up script with the wrong condition, and then a table too many.
delete from orders where id % 3 <> 0;
delete from users u where not exists (select from orders o where o.user_id = u.id);
drop table order_items cascade;
