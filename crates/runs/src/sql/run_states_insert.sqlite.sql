-- States that a run has had.
insert into _run_state ("_key", "_document_id", "tenant_key", "run_key", "version", "timestamp", "state", "message", "start_time", "serialized_state", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', run.tenant_key, ?2, item.value ->> 'version', ?3, item.value ->> 'state', item.value ->> 'message', item.value ->> 'start_time', item.value -> 'serialized_state', ?3, ?3
from json_each(?1) as item join _run as run on run._key = ?2
where true
