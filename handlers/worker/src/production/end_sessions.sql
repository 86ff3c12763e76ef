-- Terminates what is left of the sessions of roles $1, and of the current role's own other ones of application $2, and names
-- them; an empty answer means that all have ended. A background worker that acts for a role is one of its sessions.
select pid, pg_terminate_backend(pid)
  from pg_stat_activity
 where pid <> pg_backend_pid()
   and (usename = any ($1) or (application_name = $2 and usename = current_user and backend_type = 'client backend'))
