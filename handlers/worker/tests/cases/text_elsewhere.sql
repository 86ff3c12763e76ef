-- Text that names the schema in places where no function is: what surely is a name is mended, the rest is told.
create sequence acme.s;
create table acme.t (id int primary key, n bigint default nextval('acme.s'::text), word text, constraint c check (word <> 'acme.word'), r text generated always as ('acme.' || word) stored);
create table acme.by_key (id int, w text) partition by list ((w || 'acme.x'));
create domain acme.d as bigint default nextval('acme.s'::text);
create function acme.f(a bigint default nextval('acme.s'::text)) returns bigint language sql as 'select a';
create function acme.g() returns bigint begin atomic select nextval('acme.s'::text); end;
create index i on acme.t ((word || 'acme.i')) where word <> 'acme.w';
create statistics acme.st on (word || 'acme.st'), id from acme.t;
create view acme.v with (security_barrier) as select nextval('acme.s'::text) as n, 'acme.t'::regclass::text as t;
create view acme.w as select 'acme.s' as word from acme.v;
create materialized view acme.m as select 'acme.t' as name, to_regclass('acme.t'::text) is not null as there;
create table acme.ruled (id int);
create rule also as on insert to acme.ruled do also select nextval('acme.s'::text);
alter table acme.t add constraint sure check (to_regclass('acme.t'::text) is not null);
create policy p on acme.t using (nextval('acme.s'::text) > 0);
insert into acme.t (id, word) values (1, 'x');
--- holds
insert into acme_r.t (id, word) values (2, 'y');
select 'default', (select n = 2 from acme_r.t where id = 2);
select 'argument default', acme_r.f() = 3;
select 'body in SQL''s own syntax', acme_r.g() = 4;
select 'view', (select n = 5 from acme_r.v);
insert into acme_r.ruled values (1);
select 'rule', (select last_value = 6 from acme_r.s);
select 'live''s stands', (select last_value = 1 from acme.s);
--- remarks
TextNamesOldSchema acme_r.by_key
TextNamesOldSchema acme_r.i
TextNamesOldSchema acme_r.m
TextNamesOldSchema acme_r.st
TextNamesOldSchema acme_r.t c
TextNamesOldSchema acme_r.t.r
TextNamesOldSchema acme_r.w
--- mentions
CONSTRAINT c CHECK ((word <> 'acme.word'::text)),
CREATE INDEX i ON acme_r.t USING btree (((word || 'acme.i'::text))) WHERE (word <> 'acme.w'::text);
CREATE STATISTICS acme_r.st ON id, (word || 'acme.st'::text) FROM acme_r.t;
PARTITION BY LIST (((w || 'acme.x'::text)));
SELECT 'acme.s'::text AS word
SELECT 'acme.t'::text AS name,
r text GENERATED ALWAYS AS (('acme.'::text || word)) STORED,
