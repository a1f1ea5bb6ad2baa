-- A token by the hash of its text.
select id, name, roles, created_at, expires_at from _token where hash = ?1
