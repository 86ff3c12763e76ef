-- An update that forgot its condition, and a delete that took every other line.
update orders set status = 'cancelled', total = 0;
delete from order_items where id % 2 = 0;
