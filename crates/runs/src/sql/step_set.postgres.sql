-- A step is in another state.
update _step_run set status = $3, state_name = $4, state_version = $5, state_timestamp = $6, state_message = $7, serialized_state = $8,
  attempt = $9, retry_at = $10, start_time = coalesce(start_time, $11), end_time = $12, output = coalesce($13, output), error = $14,
  _updated_at = $6, _revision = _revision + 1 where run_key = $1 and key = $2
