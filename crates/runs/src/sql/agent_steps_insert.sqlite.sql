-- Steps that agents execute; those that are there already stay.
insert into _step_run ("_key", "_document_id", "tenant_key", "run_key", "op_key", "key", "op_name", "position", "map_index", "cache_key", "status", "state_name", "state_version", "state_timestamp", "state_message", "serialized_state", "attempt", "is_reused", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', run.tenant_key, run._key, op._key, item.value ->> 'key', op.slug, item.value ->> 'position', item.value ->> 'map_index', op.cache_key, 'waiting', 'Pending', 1, ?3, item.value ->> 'message', item.value -> 'serialized_state', 0, 0, ?3, ?3
from json_each(?1) as item join _op as op on op._key = item.value ->> 'op' join _run as run on run._key = ?2
where 1 on conflict do nothing
