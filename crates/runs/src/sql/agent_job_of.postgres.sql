-- The job of a version, or itself, with what may be set.
select job._key, job.labels, job.run_config, job.default_parameters, job.description, job.settings
from _job as job where job._key = $2::uuid or job._key = (select version.job_key from _job_version as version where version._key = $1::uuid)
