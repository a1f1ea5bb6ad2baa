-- The schedules that the project declares now. One that is new, comes back, or has other times makes up for nothing that passed before.
insert into _schedule ("_key", "_document_id", "job_key", "name", "description", "cron", "timezone", "tags", "is_current", "runs_by_default", "started_at", "_created_at", "_updated_at")
select item.id, item.id::text, job._key, item.schedule, item."description", item."cron", item."timezone", item."tags", true, item."runs_by_default", $3::timestamptz, $3::timestamptz, $3::timestamptz
from jsonb_to_recordset($1::jsonb) as item ("id" uuid, "description" text, "cron" text, "timezone" text, "tags" jsonb, "runs_by_default" boolean, "location" text, "repository" text, "name" text, "schedule" text) join _job as job on job.location = item.location and job.repository = item.repository and job.name = item.name and job.tenant_key = $2

on conflict (job_key, name) do update set description = excluded.description, cron = excluded.cron, timezone = excluded.timezone, tags = excluded.tags,
  is_current = true, runs_by_default = excluded.runs_by_default, started_at = case when _schedule.is_current and _schedule.cron = excluded.cron and _schedule.timezone is not distinct from excluded.timezone
    and _schedule.runs_by_default = excluded.runs_by_default
    then coalesce(_schedule.started_at, excluded.started_at) else excluded.started_at end,
  done_until = case when _schedule.is_current and _schedule.cron = excluded.cron and _schedule.timezone is not distinct from excluded.timezone
    and _schedule.runs_by_default = excluded.runs_by_default then _schedule.done_until end
