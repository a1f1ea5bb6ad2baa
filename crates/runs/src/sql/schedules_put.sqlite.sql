-- The schedules that the project declares now. One that is new, comes back, or has other times makes up for nothing that passed before.
insert into _schedule ("_key", "_document_id", "job_key", "name", "description", "cron", "timezone", "tags", "is_current", "runs_by_default", "started_at", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', job._key, item.value ->> 'schedule', item.value ->> 'description', item.value ->> 'cron', item.value ->> 'timezone', item.value -> 'tags', 1, item.value ->> 'runs_by_default', ?3, ?3, ?3
from json_each(?1) as item join _job as job on job.location = item.value ->> 'location' and job.repository = item.value ->> 'repository' and job.name = item.value ->> 'name' and job.tenant_key = ?2
where true
on conflict (job_key, name) do update set description = excluded.description, cron = excluded.cron, timezone = excluded.timezone, tags = excluded.tags,
  is_current = 1, runs_by_default = excluded.runs_by_default, started_at = case when is_current = 1 and cron = excluded.cron and timezone is excluded.timezone and runs_by_default = excluded.runs_by_default
    then coalesce(started_at, excluded.started_at) else excluded.started_at end,
  done_until = case when is_current = 1 and cron = excluded.cron and timezone is excluded.timezone and runs_by_default = excluded.runs_by_default then done_until end
