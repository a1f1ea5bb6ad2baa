-- Schedules that run, and up to when their times are dealt with.
select s._key, s.name, job.location, job.repository, job.name, coalesce(s.done_until, s.started_at) from _schedule as s join _job as job on job._key = s.job_key
where s.is_current and coalesce(s.is_running, s.runs_by_default) order by s._key
