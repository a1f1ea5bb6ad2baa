-- An artifact shows something else.
update _artifact set data = $2, _updated_at = $3 where _key = $1 returning _key
