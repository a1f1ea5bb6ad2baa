-- Times up to this one are dealt with.
update _schedule set done_until = greatest(done_until, $2) where _key = $1
