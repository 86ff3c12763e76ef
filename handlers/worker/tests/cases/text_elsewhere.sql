-- Text that names the schema in places where no function is: defaults, policies and settings are mended, the rest is told.
create sequence acme.s;
create table acme.t (id int primary key, n bigint default nextval('acme.s'::text), word text, constraint c check (word <> 'acme.word'), r text generated always as ('acme.' || word) stored);
create table acme.by_key (id int, w text) partition by list ((w || 'acme.x'));
create domain acme.d as bigint default nextval('acme.s'::text);
create function acme.f(a bigint default nextval('acme.s'::text)) returns bigint language sql as 'select a';
create index i on acme.t ((word || 'acme.i')) where word <> 'acme.w';
create statistics acme.st on (word || 'acme.st'), id from acme.t;
create view acme.v as select nextval('acme.s'::text) as n, 'acme.t'::regclass::text as t;
create policy p on acme.t using (nextval('acme.s'::text) > 0);
insert into acme.t (id, word) values (1, 'x');
--- holds
insert into acme_r.t (id, word) values (2, 'y');
select 'default', (select n = 2 from acme_r.t where id = 2);
select 'live''s stands', (select last_value = 1 from acme.s);
--- remarks
FunctionNamesOldSchema acme_r.f(bigint)
TextNamesOldSchema acme_r.by_key
TextNamesOldSchema acme_r.i
TextNamesOldSchema acme_r.st
TextNamesOldSchema acme_r.t
TextNamesOldSchema acme_r.t.r
TextNamesOldSchema acme_r.v
--- mentions
CONSTRAINT c CHECK ((word <> 'acme.word'::text))
CREATE FUNCTION acme_r.f(a bigint DEFAULT nextval(('acme.s'::text)::regclass)) RETURNS bigint
CREATE INDEX i ON acme_r.t USING btree (((word || 'acme.i'::text))) WHERE (word <> 'acme.w'::text);
CREATE STATISTICS acme_r.st ON id, (word || 'acme.st'::text) FROM acme_r.t;
PARTITION BY LIST (((w || 'acme.x'::text)));
SELECT nextval(('acme.s'::text)::regclass) AS n,
r text GENERATED ALWAYS AS (('acme.'::text || word)) STORED,
