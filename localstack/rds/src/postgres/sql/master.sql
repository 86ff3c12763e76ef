-- The statements that make the master user, with identifiers and literals quoted by the server itself.
-- RDS: CREATEDB, CREATEROLE, member of rds_superuser, owner of postgres and template1, no superuser.
select unnest(array[
    format('create role %I login createdb createrole valid until ''infinity'' password %L', $1::text, $2::text),
    format('grant rds_superuser to %I', $1::text),
    format('alter database postgres owner to %I', $1::text),
    format('alter database template1 owner to %I', $1::text)
])
