-- Versions of others go, one, or all of a project or job, with all that is known of their runs.
delete from _job_version where _key in (
  select version._key from _job_version as version where version._key = ?1 or version.project_key = ?2 or version.job_key = ?3)
