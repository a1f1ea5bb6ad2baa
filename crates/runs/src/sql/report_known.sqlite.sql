-- Whether a report is written, by the key of its first row.
select _key from _step_state where _key = ?1 union all select _key from _run_event where _key = ?1 union all select _key from _run_log where _key = ?1
