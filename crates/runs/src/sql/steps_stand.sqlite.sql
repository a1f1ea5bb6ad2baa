-- Where the steps of a run stand, without what they gave.
select key, op_name, position, status, state_version, attempt, retry_at, null, null, is_reused, start_time, end_time from _step_run where run_key = ?1 order by position, key
