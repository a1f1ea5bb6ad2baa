-- A value under a key, over the one before.
insert into _key_value ("_key", "_document_id", "tenant_key", "key", "value", "_created_at", "_updated_at")
values ($1, $1::uuid::text, $2, $3, $4, $5, $5)
on conflict (tenant_key, key) do update set value = excluded.value, _updated_at = excluded._updated_at returning _key
