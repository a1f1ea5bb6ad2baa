-- The jobs that the project declares; where they are served, as they are now.
insert into _job ("_key", "_document_id", "tenant_key", "executor", "location", "repository", "name", "description", "is_current", "tags", "settings", "_created_at", "_updated_at")
select item.id, item.id::text, $2, 'own', item."location", item."repository", item."name", item."description", $4::boolean, item."tags", '{}'::jsonb, $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "location" text, "repository" text, "name" text, "description" text, "tags" jsonb)

on conflict (tenant_key, location, repository, name) do update set description = excluded.description, is_current = true,
  tags = excluded.tags, _updated_at = excluded._updated_at
  where $4::boolean
