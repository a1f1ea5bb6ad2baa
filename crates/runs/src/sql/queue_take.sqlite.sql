-- Runs that wait for a worker, the most urgent first.
select _key, status, state_version from _run
where status = 'queued' and executor = 'own' and (scheduled_start_time is null or scheduled_start_time <= coalesce(?1, cast(unixepoch('subsec') * 1000000 as integer)))
order by priority desc, number limit ?2
