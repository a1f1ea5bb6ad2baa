-- Every token, the oldest first.
select id, name, roles, created_at, expires_at from _token order by id limit 10001
