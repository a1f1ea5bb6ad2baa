-- A run is alive.
update _run set heartbeat = $2 where _key = $1
