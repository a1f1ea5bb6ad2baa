-- Lines of a run, numbered behind what stands there.
insert into _run_log ("_key", "_document_id", "tenant_key", "run_key", "step_key", "number", "timestamp", "name", "level", "message", "stream", "step_name", "attempt", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', run.tenant_key, ?2, step._key, (select coalesce(max(l.number), 0) from _run_log as l where l.run_key = ?2) + 1 + item.key, item.value ->> 'timestamp', item.value ->> 'name', item.value ->> 'level', item.value ->> 'message', item.value ->> 'stream', item.value ->> 'step_name', item.value ->> 'attempt', ?3, ?3
from json_each(?1) as item join _run as run on run._key = ?2 left join _step_run as step on step.run_key = ?2 and step.key = item.value ->> 'step_name'
where true
