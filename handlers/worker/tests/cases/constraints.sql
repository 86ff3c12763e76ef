-- Constraints of every kind.
create table acme.a (id int primary key, b int, self int references acme.a deferrable initially deferred, code text unique nulls not distinct, constraint late check (b > 0) not valid);
create table acme.b (id int, a int not null, part text, primary key (id) include (a), unique (a, part) deferrable initially immediate);
alter table acme.a add constraint circular foreign key (b) references acme.b deferrable;
alter table acme.b add constraint circular foreign key (a) references acme.a on update cascade on delete set null deferrable initially deferred;
begin;
set constraints all deferred;
insert into acme.a values (1, 1, 2, 'x'), (2, 2, 1, null);
insert into acme.b values (1, 1, 'p'), (2, 2, 'q');
commit;
set role olga;
create table acme.pair (x int, y int, unique (x, y), constraint both_or_none check ((x is null) = (y is null)) no inherit);
insert into acme.pair values (1, 1), (null, null);
create table acme.composite (x int default 1, y int default 1, z text, constraint full_match foreign key (x, y) references acme.pair (x, y) match full on delete set default (x));
insert into acme.composite values (1, 1, 'a'), (null, null, 'b');
create table acme.booked (room int, during tsrange, exclude using gist (during with &&) where (room > 0) deferrable initially deferred);
insert into acme.booked values (1, '[2024-01-01,2024-01-02)'), (0, '[2024-01-01,2024-01-02)');
create table acme.named (id int, n int);
create unique index chosen on acme.named (id, n desc);
create unique index as_key on acme.named (id);
alter table acme.named add constraint as_key unique using index as_key;
create table acme.not_valid (id int);
insert into acme.not_valid values (99);
alter table acme.not_valid add constraint nowhere foreign key (id) references acme.a not valid;
create table acme.orphans (id int);
alter table acme.orphans add constraint was_valid foreign key (id) references acme.a;
comment on constraint was_valid on acme.orphans is 'a key';
comment on index acme.chosen is 'an index';
alter table acme.a alter constraint a_self_fkey not deferrable;
reset role;
-- Rows without a parent under a valid key: a trigger was off once.
alter table acme.orphans disable trigger all;
insert into acme.orphans values (77), (78), (null);
alter table acme.orphans enable trigger all;
set role olga;
--- later
delete from acme.orphans;
--- holds
create view acme.states as
    select connamespace::regnamespace::text as place, concat(conname, ' ', contype, convalidated, condeferrable, condeferred) as state
      from pg_constraint where conname <> 'was_valid';
select 'state ' || state, count(distinct place) = 2 from acme.states where place in ('acme', 'acme_r') group by state;
select 'orphans came', (select count(*) = 3 from acme_r.orphans);
--- remarks
ForeignKeyNotValid "was_valid" on "acme_r"."orphans"
--- ddl
- ADD CONSTRAINT was_valid FOREIGN KEY (id) REFERENCES acme.a(id);
+ ADD CONSTRAINT was_valid FOREIGN KEY (id) REFERENCES acme.a(id) NOT VALID;
