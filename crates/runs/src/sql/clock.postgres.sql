-- The time: the given one, or the database's.
select coalesce($1::timestamptz, clock_timestamp())
