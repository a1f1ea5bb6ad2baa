-- Versions that are asked to go, by who executes their runs. Until the end of the transaction no run of them is launched: a run holds its version's key.
select version._key, job.executor from _job_version as version join _job as job on job._key = version.job_key
where version._key = $1::uuid or version.project_key = $2::uuid or version.job_key = $3::uuid for update of version
