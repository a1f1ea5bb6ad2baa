-- A version of a job, or the newest one of a version group that is not archived, by the words of its job.
select version._key, job.executor, version.archived, job.location, job.repository, job.name, job.default_parameters, job.labels, job.run_config
from _job_version as version join _job as job on job._key = version.job_key
where version._key = ?1 or (?1 is null and version.version_group = ?2 and version.archived = 0)
order by version.number desc limit 1
