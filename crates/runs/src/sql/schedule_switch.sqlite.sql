-- An operator switches a schedule on or off; what passed before is not made up for.
update _schedule set is_running = ?2, started_at = ?3, done_until = null where _key = ?1
