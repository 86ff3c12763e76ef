-- Operator classes take a superuser, so a tenant of RDS can't have made one: refused, and nothing is left behind.
create function acme.cmp(int, int) returns int language sql immutable strict as 'select btint4cmp($2, $1)';
reset role;
create operator class acme.backwards for type int using btree as operator 1 >, operator 3 =, operator 5 <, function 1 acme.cmp(int, int);
alter operator class acme.backwards using btree owner to olga;
alter operator family acme.backwards using btree owner to olga;
set role olga;
create table acme.t (id int);
create index on acme.t (id acme.backwards);
--- fails
apply-pre-data: could not apply OPERATOR FAMILY "acme_r".backwards …: must be superuser to create an operator family (SQLSTATE 42501)
