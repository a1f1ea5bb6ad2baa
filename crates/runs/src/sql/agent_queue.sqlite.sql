-- Runs that an agent with these labels may take: their time has come, or that of one of their steps.
select run._key from _run as run
where run.executor = 'external' and (?1 is null or run.tenant_key = ?1)
  and ((run.state_name in ('Scheduled', 'Paused', 'Resume', 'Retrying', 'Queued') and run.state_start_time <= ?2)
    or (run.state_name = 'Running' and exists (select 1 from _step_run as step where step.run_key = run._key
      and step.state_name in ('Scheduled', 'Paused', 'Resume', 'Retrying', 'Queued') and step.state_start_time <= ?2)))
  and not exists (select 1 from json_each(coalesce(run.labels, '[]')) as label where label.value not in (select known.value from json_each(?3) as known)) and (json_array_length(coalesce(run.labels, '[]')) > 0 or json_array_length(?3) = 0)
order by case when run.state_name = 'Running' then null else run.state_start_time end nulls last, run._key limit ?4
