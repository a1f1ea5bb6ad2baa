-- Schedules that the project declares no longer.
update _schedule set is_current = 0, started_at = null where is_current = 1 and not exists (select 1 from json_each(?1) as item
  join _job as job on job._key = job_key and job.location = item.value ->> 'location' and job.repository = item.value ->> 'repository' and job.name = item.value ->> 'name'
  where item.value ->> 'schedule' = _schedule.name)
