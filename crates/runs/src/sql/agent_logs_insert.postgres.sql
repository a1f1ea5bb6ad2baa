-- Lines that agents tell of; those of unknown runs are left out.
insert into _run_log ("_key", "_document_id", "tenant_key", "run_key", "step_key", "timestamp", "name", "level", "message", "info", "step_name", "_created_at", "_updated_at")
select item."id", item."id"::text, run.tenant_key, run._key, step._key, timestamptz 'epoch' + item."timestamp" * interval '1 microsecond', item."name", item."level", item."message", item."info", step.key, $2::timestamptz, $2::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "run" uuid, "step" uuid, "timestamp" bigint, "name" text, "level" text, "message" text, "info" jsonb) join _run as run on run._key = item."run" left join _step_run as step on step._key = item."step"
