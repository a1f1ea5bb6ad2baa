-- A version with its schedule; nobody else plans for it until the end of the transaction.
select version.schedule, job.schedule, version.is_schedule_active, version.archived, version.parameters, job.default_parameters, job.executor
from _job_version as version join _job as job on job._key = version.job_key where version._key = ?1
