-- Lines that agents tell of, numbered behind what stands in their runs; those of unknown runs are left out.
insert into _run_log ("_key", "_document_id", "tenant_key", "run_key", "step_key", "number", "timestamp", "name", "level", "message", "info", "step_name", "_created_at", "_updated_at")
select item."id", item."id"::text, run.tenant_key, run._key, step._key,
  (select coalesce(max(l.number), 0) from _run_log as l where l.run_key = run._key) + row_number() over (partition by run._key order by item."position"),
  timestamptz 'epoch' + item."timestamp" * interval '1 microsecond', item."name", item."level", item."message", item."info", step.key, $2::timestamptz, $2::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "run" uuid, "step" uuid, "timestamp" bigint, "name" text, "level" text, "message" text, "info" jsonb, "position" bigint) join _run as run on run._key = item."run" left join _step_run as step on step._key = item."step"
