-- What happened in a run behind a number.
select number, timestamp, kind, level, message, step_key, attempt, data from _run_event where run_key = $1 and number > $2 order by number limit $3
