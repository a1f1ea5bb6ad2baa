-- A step with where its run stands; nobody else changes either until the end of the transaction. The run is locked first, as whoever ends it does.
select step._key, step.run_key, step.key, step.state_name, step.state_version, step.serialized_state, step.start_time, step.end_time, run.state_name, run.executor
from _step_run as step join _run as run on run._key = step.run_key where step._key = ?1
