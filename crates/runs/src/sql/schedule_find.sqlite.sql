-- A schedule of the project by its name.
select s._key from _schedule as s join _job as job on job._key = s.job_key
where s.is_current = 1 and job.location = ?1 and job.repository = ?2 and s.name = ?3
