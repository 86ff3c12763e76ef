-- Objects outside that the schema uses and that lead back into it: the restored schema's way through them ends in the live one, and
-- that is told.
reset role;
create schema shared authorization olga;
grant usage on schema shared to public;
set role olga;
create table acme.t (id int primary key, word text);
create table acme.log (what text);
create sequence acme.s;
create view shared.all_of_t as select id, word from acme.t;
create view shared.over_it as select id from shared.all_of_t;
create view acme.v as select id from shared.over_it;
create function shared.note() returns trigger language plpgsql as $$begin insert into acme.log values (new.word); return new; end$$;
create trigger noted after insert on acme.t for each row execute function shared.note();
create function shared.next() returns bigint language sql as $$select nextval('acme.s')$$;
create table acme.numbered (n bigint default shared.next());
create function shared.by_path() returns bigint language sql set search_path = acme as $$select count(*) from t$$;
create view acme.counted as select shared.by_path() as n;
create function shared.harmless() returns int language sql as $$select 1$$;
create view acme.fine as select shared.harmless() as n;
insert into acme.t values (1, 'x');
--- remarks
DependentsStay "acme_r"
LeadsToLive acme_r.counted
LeadsToLive acme_r.numbered.n
LeadsToLive acme_r.v
LeadsToLive noted on acme_r.t
