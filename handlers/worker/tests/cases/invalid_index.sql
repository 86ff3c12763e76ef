-- What CREATE INDEX CONCURRENTLY leaves behind when it fails: pg_dump passes it by, and that is told.
create table acme.t (id int, word text);
insert into acme.t values (1, 'x'), (1, 'y');
create index fine on acme.t (id);
create index broken on acme.t (word);
create table acme.tree (id int) partition by range (id);
create table acme.leaf partition of acme.tree for values from (0) to (10);
create index half on only acme.tree (id);
reset role;
update pg_index set indisvalid = false where indexrelid = 'acme.broken'::regclass;
--- ddl
--- remarks
InvalidIndex acme_r.broken
