-- Times up to this one are dealt with.
update _schedule set done_until = max(coalesce(done_until, 0), ?2) where _key = ?1
