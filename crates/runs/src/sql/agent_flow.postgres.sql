-- A version of a job, or the newest one of a version group that is not archived, with what a run takes over from it.
select version._key, version.job_key, version.tenant_key, version.archived, version.parameters, version.run_config, version.environment,
  job.labels, job.run_config, job.default_parameters, version.name, job.executor, version.schedule, job.schedule, version.project_key
from _job_version as version join _job as job on job._key = version.job_key
where version._key = $1::uuid or ($1::uuid is null and version.version_group = $2::text and version.archived = false)
order by version.number desc limit 1
