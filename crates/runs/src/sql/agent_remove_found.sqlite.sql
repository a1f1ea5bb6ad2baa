-- Versions that are asked to go, by who executes their runs.
select version._key, job.executor from _job_version as version join _job as job on job._key = version.job_key
where version._key = ?1 or version.project_key = ?2 or version.job_key = ?3
