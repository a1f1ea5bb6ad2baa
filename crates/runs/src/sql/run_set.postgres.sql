-- A run is in another state.
update _run set status = $2, state_name = $3, state_version = $4, state_timestamp = $5, state_message = $6, serialized_state = $7,
  launched_at = coalesce(launched_at, $8), start_time = coalesce(start_time, $9), end_time = coalesce(end_time, $10),
  worker = coalesce($11, worker), cancel_asked_at = coalesce(cancel_asked_at, $12), cancel_reason = coalesce(cancel_reason, $13),
  state_start_time = null, changed_at = $5, _updated_at = $5, _revision = _revision + 1 where _key = $1
