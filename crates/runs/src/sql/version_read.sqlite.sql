-- The version of a job with this hash.
select version._key, version.job_key, version.tenant_key, version.hash, version.definition from _job_version as version
join _job as job on job._key = version.job_key
where job.location = ?1 and job.repository = ?2 and job.name = ?3 and version.hash = ?4
