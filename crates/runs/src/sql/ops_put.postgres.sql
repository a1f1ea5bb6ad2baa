-- The ops of new versions.
insert into _op ("_key", "_document_id", "version_key", "name", "slug", "description", "kind", "retries_max", "is_mapped", "is_auto_generated", "is_root", "is_terminal", "is_reference", "tags", "_created_at", "_updated_at")
select item.id, item.id::text, version._key, item."name", item."slug", item."description", item."kind", item."retries_max", false, false, item."is_root", item."is_terminal", item.is_terminal, '[]'::jsonb, $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "name" text, "slug" text, "description" text, "kind" text, "retries_max" integer, "is_root" boolean, "is_terminal" boolean, "hash" text) join _job_version as version on version.hash = item.hash and version.tenant_key = $2

on conflict (version_key, slug) do nothing
