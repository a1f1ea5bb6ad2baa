-- Steps that agents execute; those that are there already stay.
insert into _step_run ("_key", "_document_id", "tenant_key", "run_key", "op_key", "key", "op_name", "position", "map_index", "cache_key", "status", "state_name", "state_version", "state_timestamp", "state_message", "serialized_state", "attempt", "is_reused", "_created_at", "_updated_at")
select item."id", item."id"::text, run.tenant_key, run._key, op._key, item."key", op.slug, item."position", item."map_index", op.cache_key, 'waiting', 'Pending', 1, $3::timestamptz, item."message", item."serialized_state", 0, false, $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "op" uuid, "key" text, "position" integer, "map_index" integer, "message" text, "serialized_state" jsonb) join _op as op on op._key = item."op" join _run as run on run._key = $2
where true on conflict do nothing
