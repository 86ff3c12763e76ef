-- The roles of an RDS instance as far as a restore meets them (RDS user guide, "Understanding the rds_superuser role").
create role rds_superuser nologin;
create role rds_iam nologin;
create role rds_password nologin;
create role rds_replication nologin;
grant pg_monitor, pg_signal_backend, pg_checkpoint to rds_superuser with admin option;
grant rds_password, rds_replication to rds_superuser with admin option;
create role master login createdb createrole password 'Master-pa55' valid until 'infinity';
grant rds_superuser to master with admin option;
