-- Views that select from each other; only a superuser's catalog or a replacement makes them, and nobody can read them.
create view acme.one as select 1 as n;
create view acme.two as select n from acme.one;
create or replace view acme.one as select n from acme.two;
create table acme.t (id int);
insert into acme.t values (1);
--- holds
select 'the rest is there', (select count(*) = 1 from acme_r.t);
select 'views', (select count(*) = 2 from pg_views where schemaname = 'acme_r');
