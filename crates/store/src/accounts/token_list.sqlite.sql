-- Every token, the oldest first.
select name, roles, _created_at, expires_at from api_token order by _key limit 10001
