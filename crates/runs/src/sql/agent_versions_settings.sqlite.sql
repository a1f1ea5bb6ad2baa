-- The versions of a job show its settings.
update _job_version set settings = ?2, _updated_at = ?3 where job_key = ?1
