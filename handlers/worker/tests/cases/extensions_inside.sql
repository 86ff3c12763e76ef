-- Extensions in the schema itself: types, operator classes, functions, and some that can't move.
reset role;
create extension citext schema acme;
create extension hstore schema acme;
create extension pg_trgm schema acme;
create extension cube schema acme;
create extension earthdistance schema acme;
create extension seg schema acme;
create extension btree_gist schema acme;
create extension unaccent schema acme;
create extension "uuid-ossp" schema acme;
set role olga;
set search_path = acme, public;
create table acme.t (id uuid primary key default uuid_generate_v4(), email citext unique, tags hstore default ''::hstore, place cube, s seg, emails citext[], word text, room int, during int4range, exclude using gist (room with =, during with &&));
insert into acme.t (email, tags, place, s, emails, word, room, during) values ('A@b.de', 'a=>1,b=>NULL', cube(array[1, 2]), '1.5 .. 2.50', '{X,y}', 'wörd', 1, '[1,2)');
create index on acme.t using gin (word gin_trgm_ops);
create index on acme.t using gist (tags);
create function acme.same(a citext, b citext) returns boolean language sql immutable as $$select a = b$$;
create function acme.tagged(h acme.hstore) returns text language sql immutable as $$select h operator(acme.->) 'a'$$;
create view acme.v as select email, tags -> 'a' as a, similarity(word, 'w') as sim, earth_distance(ll_to_earth(0, 0), ll_to_earth(1, 1)) as d from acme.t where email = 'a@b.de';
create function acme.fine(text) returns boolean language sql immutable as $$select true$$;
alter table acme.t add constraint fine check (acme.fine(word) and email <> 'x');
create domain acme.email as citext check (value ~ '@');
create index on acme.t (lower(word), (tags -> 'a'));
reset search_path;
--- later
delete from acme.t;
--- holds
select 'rows', (select count(*) = 1 and max(s::text) = '1.5 .. 2.50' from acme_r.t);
select 'view', (select a = '1' from acme_r.v);
select 'the type is live''s', (select atttypid = 'acme.citext'::regtype from pg_attribute where attrelid = 'acme_r.t'::regclass and attname = 'email');
--- remarks
ExtensionInSchema citext
ExtensionInSchema hstore
ExtensionInSchema pg_trgm
ExtensionInSchema cube
ExtensionInSchema earthdistance
ExtensionInSchema seg
ExtensionInSchema btree_gist
ExtensionInSchema unaccent
ExtensionInSchema "uuid-ossp"
--- mentions
(t.tags OPERATOR(acme.->) 'a'::text) AS a,
ALTER FUNCTION acme_r.same(a acme.citext, b acme.citext) OWNER TO olga;
ALTER FUNCTION acme_r.tagged(h acme.hstore) OWNER TO olga;
CONSTRAINT fine CHECK ((acme_r.fine(word) AND (email OPERATOR(acme.<>) 'x'::acme.citext)))
CONSTRAINT email_check CHECK ((VALUE OPERATOR(acme.~) '@'::acme.citext));
CREATE DOMAIN acme_r.email AS acme.citext
CREATE FUNCTION acme_r.same(a acme.citext, b acme.citext) RETURNS boolean
CREATE FUNCTION acme_r.tagged(h acme.hstore) RETURNS text
CREATE INDEX t_lower_expr_idx ON acme_r.t USING btree (lower(word), ((tags OPERATOR(acme.->) 'a'::text)));
CREATE INDEX t_word_idx ON acme_r.t USING gin (word acme.gin_trgm_ops);
WHERE (t.email OPERATOR(acme.=) 'a@b.de'::acme.citext);
acme.earth_distance(acme.ll_to_earth((0)::double precision, (0)::double precision), acme.ll_to_earth((1)::double precision, (1)::double precision)) AS d
acme.similarity(t.word, 'w'::text) AS sim,
email acme.citext,
emails acme.citext[],
id uuid DEFAULT acme.uuid_generate_v4() NOT NULL,
place acme.cube,
s acme.seg,
tags acme.hstore DEFAULT ''::acme.hstore,
