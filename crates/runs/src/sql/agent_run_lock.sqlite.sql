-- A run with the settings of its job and when it was last handed to an agent; nobody else changes it until the end of the transaction.
select run._key, run.executor, run.status, run.state_name, run.state_version, job.settings, run.start_time, run.end_time,
  (select max(state.timestamp) from _run_state as state where state.run_key = run._key and state.state = 'Submitted'), run.serialized_state
from _run as run join _job as job on job._key = run.job_key where run._key = ?1
