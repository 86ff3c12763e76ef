-- What RDS has in each new PostgreSQL instance before the customer's master user comes.
create role rds_superuser;
create role rds_replication;
create role rds_password;
grant pg_monitor, pg_signal_backend, rds_replication, rds_password to rds_superuser with admin option;
grant execute on function pg_stat_reset() to rds_superuser;

-- Only rdsadmin may enter its database. The heartbeat lives there, out of the customer's sight.
create database rdsadmin;
revoke all on database rdsadmin from public;
