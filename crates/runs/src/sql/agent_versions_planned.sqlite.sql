-- Versions of others whose schedules are active.
select version._key from _job_version as version join _job as job on job._key = version.job_key
where version.is_schedule_active = 1 and version.archived = 0 and job.executor = 'external' and coalesce(job.schedule, version.schedule) is not null order by version._key
