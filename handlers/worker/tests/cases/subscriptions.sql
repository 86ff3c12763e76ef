-- Tables into which a subscription writes: the restored ones are in none, and that is told.
create table acme.t (id int primary key);
insert into acme.t values (1);
reset role;
create subscription feeds connection 'dbname=nowhere' publication p with (connect = false, slot_name = none);
insert into pg_subscription_rel (srsubid, srrelid, srsubstate) select oid, 'acme.t'::regclass, 'r' from pg_subscription;
--- later
delete from pg_subscription_rel;
drop subscription feeds;
--- remarks
SubscriptionNotCarried acme_r.t
