-- A new tenant, unless its slug is taken.
insert into _tenant ("_key", "_document_id", "name", "slug", "settings", "_created_at", "_updated_at")
values ($1, $1::uuid::text, $2, $3, '{}', $4, $4) on conflict (slug) do nothing returning _key
