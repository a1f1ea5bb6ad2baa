-- A token by the hash of its text.
select name, roles::text, _created_at, expires_at from api_token where hash = $1
