-- The time: the given one, or the database's.
select coalesce(?1, cast(unixepoch('subsec') * 1000000 as integer))
