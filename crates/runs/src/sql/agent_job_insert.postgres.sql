-- A job that others register.
insert into _job ("_key", "_document_id", "tenant_key", "executor", "location", "repository", "name", "is_current", "settings", "default_parameters", "_created_at", "_updated_at")
values ($1, $1::uuid::text, $2, 'external', '', '', $3, true, $4, $5, $6, $6)
