-- A step that an agent executes is in another state.
update _step_run set status = ?2, state_name = ?3, state_version = ?4, state_timestamp = ?5, state_message = ?6, state_result = null,
  state_start_time = ?7, serialized_state = ?8, start_time = ?9, end_time = ?10, heartbeat = coalesce(?11, heartbeat),
  _updated_at = ?5, _revision = _revision + 1 where _key = ?1
