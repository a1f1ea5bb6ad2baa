-- The definition that a run executes.
select definition from _job_version where _key = ?1
