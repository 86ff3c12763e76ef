-- Terminates what is left of this restore's sessions and names them; an empty answer means that all have ended.
select pid, pg_terminate_backend(pid)
  from pg_stat_activity
 where pid <> pg_backend_pid()
   and backend_type = 'client backend'
   and (usename = $1 or (application_name = $2 and usename = current_user))
