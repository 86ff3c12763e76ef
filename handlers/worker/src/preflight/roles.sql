-- Of the roles named $1, but for the current one: whether each is there, is a superuser, and may be granted by the current
-- role.
select
    wanted.name,
    r.oid is not null as is_there,
    coalesce(r.rolsuper, false) as is_superuser,
    coalesce(pg_catalog.pg_has_role(r.oid, 'member with admin option'), false) as may_grant
from pg_catalog.unnest($1::text[]) as wanted (name)
left join pg_catalog.pg_roles r on r.rolname::text = wanted.name
where wanted.name <> current_user
order by wanted.name
