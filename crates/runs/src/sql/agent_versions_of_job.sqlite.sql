-- The versions of a job.
select version._key from _job_version as version where version.job_key = ?1 order by version.number
