-- Triggers in every state and of every kind.
reset role;
create schema audit authorization olga;
grant usage on schema audit to public;
set role olga;
create table audit.log (what text);
grant insert on audit.log to public;
create function audit.note() returns trigger language plpgsql security definer as $$begin insert into audit.log values (tg_table_schema || '.' || tg_table_name); return null; end$$;
create table acme.t (id int primary key, word text, n int default 0);
create table acme.log (what text);
create function acme.stamp() returns trigger language plpgsql as $$begin new.n := new.n + 1; return new; end$$;
create function acme.note() returns trigger language plpgsql as $$begin insert into acme.log values (tg_argv[0] || tg_op); return null; end$$;
create function acme.many() returns trigger language plpgsql as $$begin insert into acme.log select 'row ' || id from changed; return null; end$$;
create trigger origin before update on acme.t for each row execute function acme.stamp();
create trigger disabled before update on acme.t for each row execute function acme.stamp();
alter table acme.t disable trigger disabled;
create trigger always before update on acme.t for each row execute function acme.stamp();
alter table acme.t enable always trigger always;
create trigger replica before update on acme.t for each row execute function acme.stamp();
alter table acme.t enable replica trigger replica;
create trigger conditional after update of word, n on acme.t for each row when (old.* is distinct from new.* and new.word <> 'acme.t') execute function acme.note('argument''s ');
create trigger statement after insert or delete or truncate on acme.t execute function acme.note('statement ');
create trigger transition after insert on acme.t referencing new table as changed for each statement execute function acme.many();
create constraint trigger later after insert on acme.t deferrable initially deferred for each row execute function acme.note('deferred ');
create constraint trigger from_other after update on acme.t from acme.log deferrable for each row execute function acme.note('from ');
create trigger elsewhere after insert on acme.t for each statement execute function audit.note();
create trigger named_text before insert on acme.t for each row execute function tsvector_update_trigger('tsv', 'acme.words', 'word');
alter table acme.t disable trigger named_text;
create view acme.v as select id, word from acme.t;
create function acme.instead() returns trigger language plpgsql as $$begin insert into acme.t values (new.id, new.word); return new; end$$;
create trigger instead instead of insert on acme.v for each row execute function acme.instead();
comment on trigger origin on acme.t is 'origin';

insert into acme.t values (1, 'x');
--- holds
select 'rows loaded without triggers', (select n = 0 from acme_r.t) and (select count(*) = 4 from acme_r.log where false) is false;
insert into acme_r.v values (2, 'y');
select 'instead of trigger wrote the restored table', (select count(*) = 2 from acme_r.t) and (select count(*) = 1 from acme.t);
update acme_r.t set word = 'z' where id = 1;
select 'two of four stamps', (select n = 2 from acme_r.t where id = 1);
select 'noted there', (select count(*) > 3 from acme_r.log);
select 'live log untouched', (select count(*) = 3 from acme.log);
select 'trigger elsewhere wrote where it writes', (select count(*) = 1 from audit.log where what = 'acme_r.t');
--- remarks
TextNamesOldSchema acme_r.t conditional
TextNamesOldSchema acme_r.t named_text
--- mentions
CREATE TRIGGER conditional AFTER UPDATE OF word, n ON acme_r.t FOR EACH ROW WHEN (((old.* IS DISTINCT FROM new.*) AND (new.word <> 'acme.t'::text))) EXECUTE FUNCTION acme_r.note('argument''s ');
CREATE TRIGGER named_text BEFORE INSERT ON acme_r.t FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger('tsv', 'acme.words', 'word');
