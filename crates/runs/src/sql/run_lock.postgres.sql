-- One run, which nobody else changes until the end of the transaction.
select _key, number, job_name, repository, location, executor, status, state_name, state_version, config, tags, step_keys, parent_key, root_key, version_key, tenant_key, worker, scheduled_start_time, start_time, end_time, _created_at, op_selection, filled_config from _run where _key = $1 for no key update
