-- A version of a job, or the newest one of a version group that is not archived, by the words of its job.
select version._key, job.executor, version.archived, job.location, job.repository, job.name, job.default_parameters, job.labels, job.run_config
from _job_version as version join _job as job on job._key = version.job_key
where version._key = $1::uuid or ($1::uuid is null and version.version_group = $2::text and version.archived = false)
order by version.number desc limit 1
