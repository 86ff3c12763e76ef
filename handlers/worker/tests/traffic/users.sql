-- acme.customer
insert into acme.customer (name, country, state) values ('live', 'de', 'new')
update acme.customer set touched = 1 where lower(name) = 'live' and state <> 'closed'
select count(*) from acme.customer where lower(name) = 'live' and state <> 'closed'
delete from acme.customer where lower(name) = 'live' and state <> 'closed'
-- acme.invoice
insert into acme.invoice (number, customer, colour, during) values (1, 1, 1, int4range(100000, 100001))
update acme.invoice set colour = 2 where number = 1
select count(*) from acme.invoice where number = 1
delete from acme.invoice where number = 1
-- acme.nothing
insert into acme.nothing default values
select count(*) from acme.nothing
delete from acme.nothing
-- acme.event
insert into acme.event values (-1, 'new')
update acme.event set kind = 'paid' where id = -1
select count(*) from acme.event
delete from acme.event where id = -1
-- acme.ledger
insert into acme.ledger values ('2024-06-06', 'de', 9), ('2019-01-01', 'fr', 9)
update acme.ledger set amount = amount + 1 where amount >= 9
select count(*) from acme.ledger
delete from acme.ledger where amount >= 9
-- acme.secret
insert into acme.secret values (-1, 'live', 'x')
update acme.secret set word = 'y' where id = -1
select count(*) from acme.secret
delete from acme.secret where id = -1
-- acme.of_master
insert into acme.of_master values (-1, 0)
update acme.of_master set n = n + 1 where id = -1
select count(*) from acme.of_master
delete from acme.of_master where id = -1
-- acme.of_iam
insert into acme.of_iam values (-1)
update acme.of_iam set id = -2 where id = -1
select count(*) from acme.of_iam
delete from acme.of_iam where id < 0
-- acme.visit
insert into acme.visit values (-1, 150)
update acme.visit set place = 50 where id = -1
select count(*) from acme.visit where id = -1
delete from acme.visit where id = -1
-- "Acme-1.b""x"."T able"
insert into "Acme-1.b""x"."T able" values (-1, 'live')
update "Acme-1.b""x"."T able" set "select" = 'x' where id = -1
select count(*) from "Acme-1.b""x"."T able"
delete from "Acme-1.b""x"."T able" where id = -1
-- shared.country
insert into shared.country values ('zz', 'Live')
update shared.country set name = 'Lively' where code = 'zz'
select count(*) from shared.country
delete from shared.country where code = 'zz'
-- shared.colour
insert into shared.colour values (-1)
update shared.colour set code = -2 where code = -1
select count(*) from shared.colour
delete from shared.colour where code < 0
-- shared.place
insert into shared.place values (-1, 'live'), (190, 'live')
update shared.place set name = 'lively' where id in (-1, 190)
select count(*) from shared.place
delete from shared.place where id in (-1, 190)
-- neighbour.precious
insert into neighbour.precious values (-1, 'live')
update neighbour.precious set word = 'lively' where id = -1
select count(*) from neighbour.precious
delete from neighbour.precious where id = -1
-- an order in one transaction
begin
insert into shared.colour values (-100)
insert into acme.customer (name, country, state) values ('in one', 'fr', 'paid')
insert into acme.invoice (number, customer, colour, during) select 2, id, -100, int4range(200000, 200001) from acme.customer where lower(name) = 'in one' and state <> 'closed'
select count(*) from acme.invoice join acme.customer on customer.id = invoice.customer where number = 2
delete from acme.customer where lower(name) = 'in one' and state <> 'closed'
delete from shared.colour where code = -100
commit
-- partitions from the second to the first
begin
update shared.place_b set name = 'b' where id = 101
pause 40
update shared.place_a set name = 'a' where id = 1
pause 20
update shared.place_b set name = 'b' where id = 102
commit
-- partitions from the first to the second
begin
update shared.place_a set name = 'a' where id = 2
pause 30
update shared.place_b set name = 'b' where id = 103
commit
-- a long transaction on the colours
begin
update shared.colour set code = code where code = 60
select count(*) from acme.invoice
pause 2600
commit
pause 900
-- a long transaction on the countries
begin
update shared.country set name = name where code = 'yy'
insert into acme.of_master values (-60, 0)
pause 2300
delete from acme.of_master where id = -60
commit
pause 900
-- a long look at everything
begin
select count(*) from acme.customer, shared.country, shared.colour, shared.place where customer.id = 1
pause 2500
commit
-- acme.office
insert into acme.office values (-1, 20000)
update acme.office set region = 19999 where id = -1
delete from acme.office where id = -1
-- acme.desk
insert into acme.desk values (-1, 20000)
select count(*) from acme.desk where id = -1
delete from acme.desk where id = -1
-- shared.region
insert into shared.region values (-1)
select count(*) from shared.region where code = -1
delete from shared.region where code = -1
