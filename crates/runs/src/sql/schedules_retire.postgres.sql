-- Schedules that the project declares no longer.
update _schedule set is_current = false, started_at = null where is_current and not exists (select 1 from jsonb_to_recordset($1::jsonb) as item (location text, repository text, name text, schedule text)
  join _job as job on job._key = _schedule.job_key and job.location = item.location and job.repository = item.repository and job.name = item.name
  where item.schedule = _schedule.name)
