-- What was told at the ends of runs that failed.
select run_key, message, data from _run_event where kind = 'RUN_FAILURE' and run_key in (select item::uuid from jsonb_array_elements_text($1::jsonb) as item) order by run_key, number
