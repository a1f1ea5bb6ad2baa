-- What happened in a run, numbered behind what stands there.
insert into _run_event ("_key", "_document_id", "run_key", "number", "timestamp", "kind", "level", "message", "step_key", "attempt", "data", "_created_at", "_updated_at")
select item.id, item.id::text, $2, (select coalesce(max(e.number), 0) from _run_event as e where e.run_key = $2) + 1 + item.position, timestamptz 'epoch' + item."timestamp" * interval '1 microsecond', item."kind", item."level", item."message", item."step_key", item."attempt", item."data", $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "timestamp" bigint, "kind" text, "level" text, "message" text, "step_key" text, "attempt" integer, "data" jsonb, "position" bigint)
