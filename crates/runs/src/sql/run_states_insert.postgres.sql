-- States that a run has had.
insert into _run_state ("_key", "_document_id", "tenant_key", "run_key", "version", "timestamp", "state", "message", "start_time", "serialized_state", "_created_at", "_updated_at")
select item.id, item.id::text, run.tenant_key, $2, item."version", $3::timestamptz, item."state", item."message", timestamptz 'epoch' + item."start_time" * interval '1 microsecond', item."serialized_state", $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "version" integer, "state" text, "message" text, "start_time" bigint, "serialized_state" jsonb) join _run as run on run._key = $2
