-- Lines of a run behind a number.
select number, timestamp, step_name, stream, level, message from _run_log where run_key = ?1 and number > ?2 order by number limit ?3
