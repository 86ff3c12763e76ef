-- Terminates the sessions of the roles $1 that bear the application name $2 and names them; an empty answer means that all
-- have ended. DMS, which loads as one of them, bears another name.
select pid, pg_terminate_backend(pid)
  from pg_stat_activity
 where pid <> pg_backend_pid()
   and backend_type = 'client backend'
   and usename = any ($1) and application_name = $2
