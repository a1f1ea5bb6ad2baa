-- States that steps of a run have had.
insert into _step_state ("_key", "_document_id", "tenant_key", "step_key", "version", "timestamp", "state", "message", "start_time", "serialized_state", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', step.tenant_key, step._key, item.value ->> 'version', ?3, item.value ->> 'state', item.value ->> 'message', item.value ->> 'start_time', item.value -> 'serialized_state', ?3, ?3
from json_each(?1) as item join _step_run as step on step.run_key = ?2 and step.key = item.value ->> 'key'
where true
