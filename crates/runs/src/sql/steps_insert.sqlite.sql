-- The steps of a run.
insert into _step_run ("_key", "_document_id", "tenant_key", "run_key", "op_key", "key", "op_name", "position", "map_index", "name", "status", "state_name", "state_version", "state_timestamp", "state_message", "serialized_state", "attempt", "output", "is_reused", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', op_version.tenant_key, ?2, op._key, item.value ->> 'key', item.value ->> 'op_name', item.value ->> 'position', -1, item.value ->> 'name', item.value ->> 'status', item.value ->> 'state_name', 1, ?3, item.value ->> 'state_message', item.value -> 'serialized_state', 0, item.value -> 'output', item.value ->> 'is_reused', ?3, ?3
from json_each(?1) as item join _op as op on op.version_key = ?4 and op.slug = item.value ->> 'op_name' join _job_version as op_version on op_version._key = ?4
where true
