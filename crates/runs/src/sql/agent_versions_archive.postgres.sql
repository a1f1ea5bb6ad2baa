-- All versions of a job but one are archived.
update _job_version set archived = true, _updated_at = $3 where job_key = $1 and _key <> $2 and archived = false
