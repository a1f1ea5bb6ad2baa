-- Which op of a registered version needs which; those that are there already stay.
insert into _edge ("_key", "_document_id", "tenant_key", "version_key", "upstream_key", "downstream_key", "key", "is_mapped", "_created_at", "_updated_at")
select item."id", item."id"::text, up.tenant_key, $2, up._key, down._key, item."key", item."is_mapped", $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "up" text, "down" text, "key" text, "is_mapped" boolean) join _op as up on up.version_key = $2 and up.slug = item."up" join _op as down on down.version_key = $2 and down.slug = item."down"
where true on conflict (version_key, downstream_key, upstream_key) do nothing
