-- Accounts of a role that may sign in.
select count(*) from "user" u join "role" r on r._key = u.role_key
where coalesce(r.type, r.name) = ?1 and u.blocked is not true
