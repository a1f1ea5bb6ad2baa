-- Which op of new versions needs which.
insert into _edge ("_key", "_document_id", "version_key", "upstream_key", "downstream_key", "is_mapped", "_created_at", "_updated_at")
select item.id, item.id::text, version._key, up._key, down._key, false, $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "hash" text, "up" text, "down" text) join _job_version as version on version.hash = item.hash and version.tenant_key = $2 join _op as up on up.version_key = version._key and up.slug = item.up join _op as down on down.version_key = version._key and down.slug = item.down

on conflict (version_key, downstream_key, upstream_key) do nothing
