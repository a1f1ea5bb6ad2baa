-- The step of an op in a run.
select step._key, step.state_version from _step_run as step where step.run_key = $1 and step.op_key = $2 and step.map_index = $3
