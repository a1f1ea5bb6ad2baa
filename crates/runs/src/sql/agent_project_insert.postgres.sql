-- A new project, unless its name is taken.
insert into _project ("_key", "_document_id", "tenant_key", "name", "description", "_created_at", "_updated_at")
values ($1, $1::uuid::text, $2, $3, $4, $5, $5) on conflict (tenant_key, name) do nothing returning _key
