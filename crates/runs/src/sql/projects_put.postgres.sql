-- A project for each repository.
insert into _project ("_key", "_document_id", "tenant_key", "name", "_created_at", "_updated_at")
select item.id, item.id::text, $2, item."name", $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "name" text)

on conflict (tenant_key, name) do nothing
