-- Names that need quotes, that look like words of SQL or like the schema, and names of full length.
create table acme."Select" ("from" int primary key, "a""b" text, "UPPER" text, "with space" text, "日本" text, "é.ü" text, "semi;colon" int, "100%" int, "back\slash" int, "dollar$1" int, "it's" int);
insert into acme."Select" values (1, 'x', 'y', 'z', '日', 'é', 2, 3, 4, 5, 6);
create table acme.acme (acme int primary key, acme_r int, "acme.t" text);
insert into acme.acme values (1, 2, 'acme.acme');
create table acme."acme.acme" (id int primary key references acme.acme);
insert into acme."acme.acme" values (1);
create table acme.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (id serial primary key, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb serial);
insert into acme.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa default values;
create table acme."日本日本日本日本日本日本日本日本日本日本日" (id int generated always as identity);
create type acme."Type ""x""" as enum ('A b', 'it''s');
create table acme."user" ("order" acme."Type ""x""" default 'it''s', "table" acme."Type ""x"""[], "default" int default 1);
insert into acme."user" values ('A b', array['A b', 'it''s']::acme."Type ""x"""[]);
create function acme."Fn x"("In" acme."Type ""x""", out "Out" int) language sql as $$select 1$$;
create function acme.acme(acme int) returns int language sql as $$select acme + (select a.acme from acme.acme a where a.acme = $1)$$;
create view acme."View ""v""" as select "from" as "select", "it's" from acme."Select";
create index "Index ""i""" on acme."Select" ("UPPER", "100%") where "it's" > 0;
create sequence acme."Seq 'q'";
create materialized view acme."Mat.View" as select * from acme."user";
create trigger "Trig ger" before update on acme."Select" for each row execute function suppress_redundant_updates_trigger();
create policy "Pol'icy" on acme."Select" using ("from" > 0);
comment on column acme."Select"."it's" is 'it''s; -- $$ acme.t';
grant select ("from", "it's") on acme."Select" to clerk;
create domain acme."Dom ain" as text check (value <> 'acme.x');
create statistics acme."Stat s" on "from", "UPPER" from acme."Select";
--- holds
select 'rows', (select row("from", "a""b", "UPPER", "with space", "日本", "é.ü", "semi;colon", "100%", "back\slash", "dollar$1", "it's")::text = '(1,x,y,z,日,é,2,3,4,5,6)' from acme_r."Select");
select 'a table of the schema''s name', (select count(*) = 1 from acme_r."acme.acme");
delete from acme.acme where false;
select 'the function reads the restored table', acme_r.acme(1) = 2;
update acme."acme.acme" set id = 1;
select 'sequence of a long name', pg_get_serial_sequence('acme_r.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'id') like 'acme_r.%';
select 'materialized', (select count(*) = 1 from acme_r."Mat.View");
--- remarks
TextNamesOldSchema acme_r."Dom ain" "Dom ain_check"
--- mentions
"acme.t" text
ADD CONSTRAINT "acme.acme_id_fkey" FOREIGN KEY (id) REFERENCES acme_r.acme(acme);
ADD CONSTRAINT "acme.acme_pkey" PRIMARY KEY (id);
ALTER TABLE ONLY acme_r."acme.acme"
ALTER TABLE ONLY acme_r."acme.acme"
ALTER TABLE acme_r."acme.acme" OWNER TO olga;
COMMENT ON COLUMN acme_r."Select"."it's" IS 'it''s; -- $$ acme.t';
CONSTRAINT "Dom ain_check" CHECK ((VALUE <> 'acme.x'::text));
CREATE TABLE acme_r."acme.acme" (
