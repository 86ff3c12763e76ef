-- Rights that can be granted since PostgreSQL 15 and that RDS gives to rds_superuser.
grant pg_checkpoint to rds_superuser with admin option;
grant set on parameter session_replication_role to rds_superuser;
