-- Functions whose language only a superuser may use: refused, and nothing is left behind.
reset role;
create function acme.plus(int, int) returns int language internal immutable strict as 'int4pl';
alter function acme.plus(int, int) owner to olga;
--- fails
apply-pre-data: could not apply FUNCTION "acme_r".plus(integer, integer) …: permission denied for language internal (SQLSTATE 42501)
