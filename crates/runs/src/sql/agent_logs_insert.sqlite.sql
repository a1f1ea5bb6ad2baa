-- Lines that agents tell of, numbered behind what stands in their runs; those of unknown runs are left out.
insert into _run_log ("_key", "_document_id", "tenant_key", "run_key", "step_key", "number", "timestamp", "name", "level", "message", "info", "step_name", "_created_at", "_updated_at")
select item.value ->> 'id', item.value ->> 'id', run.tenant_key, run._key, step._key,
  (select coalesce(max(l.number), 0) from _run_log as l where l.run_key = run._key) + row_number() over (partition by run._key order by item.value ->> 'position'),
  item.value ->> 'timestamp', item.value ->> 'name', item.value ->> 'level', item.value ->> 'message', item.value -> 'info', step.key, ?2, ?2
from json_each(?1) as item join _run as run on run._key = item.value ->> 'run' left join _step_run as step on step._key = item.value ->> 'step'
