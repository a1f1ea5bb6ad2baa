-- The job that others registered under a word.
select job._key, job.settings, (select coalesce(max(version.number), 0) from _job_version as version where version.job_key = job._key),
  (select version._key from _job_version as version where version.job_key = job._key and version.archived = 0 order by version.number desc limit 1)
from _job as job where job.tenant_key = ?1 and job.name = ?2 and job.executor = 'external' and job.location = '' and job.repository = ''
