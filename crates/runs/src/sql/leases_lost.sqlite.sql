-- Runs whose worker was not heard of.
select l.run, r.status, r.state_version, l.fence, l.worker from _lease as l join _run as r on r._key = l.run where l.until <= coalesce(?1, cast(unixepoch('subsec') * 1000000 as integer)) order by l.until limit ?2
