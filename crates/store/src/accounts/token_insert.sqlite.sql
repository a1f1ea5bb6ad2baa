-- Keeps a new token; nothing where its name is taken.
insert into _token (name, hash, roles, created_at, expires_at) values (?1, ?2, ?3, ?4, ?5)
on conflict (name) do nothing returning id
