-- A run goes, with all that is known of it.
delete from _step_state where step_key in (select _key from _step_run where run_key = $1)
