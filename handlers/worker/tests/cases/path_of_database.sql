-- Bodies that name their tables without the schema, while the database and a role set the live schema as everybody's path: the restored
-- triggers would write live data, and that is told.
reset role;
alter database path_of_database set search_path = acme, public;
alter role olga in database path_of_database set search_path = acme;
set role olga;
create table acme.t (id int primary key, word text);
create table acme.log (what text);
create function acme.note() returns trigger language plpgsql as $$begin insert into log values (tg_op); return new; end$$;
create function acme.qualified() returns bigint language sql as $$select count(*) from acme.t$$;
create function acme.of_its_own_path() returns bigint language sql set search_path = acme as $$select count(*) from t$$;
create trigger noted after insert on acme.t for each row execute function acme.note();
set search_path = acme;
insert into acme.t values (1, 'x');
reset search_path;
--- holds
set search_path = acme_r;
insert into acme_r.t values (2, 'y');
select 'with the path that the remark asks for', (select count(*) = 2 from acme_r.log) and (select count(*) = 1 from acme.log);
--- remarks
LeftOut DATABASE PROPERTIES path_of_database
SearchPathNamesLive "acme_r"
