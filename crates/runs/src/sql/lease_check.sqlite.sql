-- Whether a worker still has its run; nobody takes it from it before the end of the transaction.
select l.fence from _lease as l where l.run = ?2 and l.worker = ?3 and l.fence = ?4 and l.until > coalesce(?1, cast(unixepoch('subsec') * 1000000 as integer))
