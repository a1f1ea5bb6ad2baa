-- An artifact goes.
delete from _artifact where _key = $1 returning _key
