-- States that steps of a run have had.
insert into _step_state ("_key", "_document_id", "tenant_key", "step_key", "version", "timestamp", "state", "message", "start_time", "serialized_state", "_created_at", "_updated_at")
select item.id, item.id::text, step.tenant_key, step._key, item."version", $3::timestamptz, item."state", item."message", timestamptz 'epoch' + item."start_time" * interval '1 microsecond', item."serialized_state", $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "version" integer, "state" text, "message" text, "start_time" bigint, "serialized_state" jsonb, "key" text) join _step_run as step on step.run_key = $2 and step.key = item.key
