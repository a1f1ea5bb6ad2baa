-- A value goes.
delete from _key_value where _key = $1 returning _key
