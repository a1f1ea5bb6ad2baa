-- A step is alive.
update _step_run set heartbeat = ?2 where _key = ?1
