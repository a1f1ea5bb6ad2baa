-- What happened in a run, numbered behind what stands there.
insert into _run_event ("_key", "_document_id", "run_key", "number", "timestamp", "kind", "level", "message", "step_key", "attempt", "data", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', ?2, (select coalesce(max(e.number), 0) from _run_event as e where e.run_key = ?2) + 1 + item.key, item.value ->> 'timestamp', item.value ->> 'kind', item.value ->> 'level', item.value ->> 'message', item.value ->> 'step_key', item.value ->> 'attempt', item.value -> 'data', ?3, ?3
from json_each(?1) as item
where true
