-- What was told at the ends of runs that failed.
select run_key, message, data from _run_event where kind = 'RUN_FAILURE' and run_key in (select value from json_each(?1)) order by run_key, number
