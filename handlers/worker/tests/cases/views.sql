-- Views in all their forms.
create table acme.t (id int primary key, word text, hidden boolean default false);
insert into acme.t values (1, 'a', false), (2, 'b', true);
create view acme.one as select t.*, row_number() over () as n from acme.t t;
create view acme.two as select id, word || '!' as "loud word" from acme.one where id > 0;
create view acme.three ("first", second) as select * from acme.two union all select 0, 'none';
create view acme.barrier with (security_barrier) as select * from acme.t where not hidden;
create view acme.invoker with (security_invoker = true) as select * from acme.t;
create view acme.checked as select id, word from acme.t where id < 100 with cascaded check option;
create view acme.checked_local as select id, word from acme.checked where id > 0 with local check option;
create recursive view acme.counted (n) as select 1 union all select n + 1 from counted where n < 5;
create view acme.with_default as select id, word from acme.t;
alter view acme.with_default alter column word set default 'by the view';
create view acme.using_all as select t, acme.t.word from acme.t;
create view acme.grouped as select id, word, count(*) from acme.t group by id;
create view acme.renamed as select id as old_name from acme.t;
alter view acme.renamed rename column old_name to new_name;
create view acme.json_of_it as select to_jsonb(t) as j, t::text as as_text, 'acme.t'::regclass as r, 'acme.t'::text as literal from acme.t;
create view acme.of_catalog as select relname from pg_class where relnamespace = 'acme'::regnamespace;
create table acme.log (id int, word text);
create rule also as on insert to acme.t where new.id > 50 do also insert into acme.log values (new.id + 1000, 'by rule');
create rule redirect as on update to acme.with_default do instead update acme.t set word = new.word where id = old.id returning t.id, t.word;
create rule nothing as on delete to acme.t where old.id = 1 do instead nothing;
create rule sleeping as on insert to acme.t do also nothing;
alter table acme.t disable rule sleeping;
create rule notifies as on update to acme.t do also notify acme;
comment on view acme.one is 'first';
comment on rule also on acme.t is 'rule';
comment on column acme.three.first is 'renamed';
create temp view of_session as select 1;
alter view acme.two owner to olga;
grant select on acme.two to clerk;
grant select (word) on acme.one to clerk;
--- later
delete from acme.t where id = 2;
--- holds
select 'through views', (select count(*) = 3 from acme_r.three);
select 'barrier', (select count(*) = 1 from acme_r.barrier);
insert into acme_r.with_default (id) values (3);
select 'default of a view', (select word = 'by the view' from acme_r.t where id = 3);
insert into acme_r.t values (60, 'x');
select 'rule wrote the restored table', (select count(*) = 1 from acme_r.log) and (select count(*) = 0 from acme.log);
delete from acme_r.t where id = 1;
select 'rule kept it', (select count(*) = 1 from acme_r.t where id = 1);
update acme_r.with_default set word = 'w' where id = 1;
select 'redirected', (select word = 'w' from acme_r.t where id = 1);
select 'regclass in a view', (select r = 'acme_r.t'::regclass from acme_r.json_of_it limit 1);
select 'schema by OID in a view', (select count(*) > 10 from acme_r.of_catalog);
--- remarks
TextNamesOldSchema acme_r.json_of_it
--- mentions
'acme.t'::text AS literal
