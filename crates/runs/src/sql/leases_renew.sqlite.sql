-- A worker is alive; gives the runs that it still has, and their status.
update _lease set until = coalesce(?1, cast(unixepoch('subsec') * 1000000 as integer)) + ?4 where worker = ?2 and until > coalesce(?1, cast(unixepoch('subsec') * 1000000 as integer))
  and exists (select 1 from json_each(?3) as item where item.value ->> 'run' = run and item.value ->> 'fence' = fence) returning run, (select status from _run where _key = run)
