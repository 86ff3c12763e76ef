-- A table whose owner has revoked its own rights: pg_dump may not lock it as a member of the owner.
create table acme.t (id int);
revoke all on acme.t from olga;
--- fails
extract: could not dump schemas ["acme"] of the temporary database: pg_dump ended with exit status: 1: pg_dump: error: query failed: ERROR:  permission denied for table t; pg_dump: detail: Query was: LOCK TABLE acme.t IN ACCESS SHARE MODE
