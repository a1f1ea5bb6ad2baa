-- What may be set of a job.
update _job set labels = $2, run_config = $3, default_parameters = $4, description = $5, settings = $6, _updated_at = $7 where _key = $1
