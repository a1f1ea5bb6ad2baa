-- A project gets another name or description.
update _project set name = coalesce($2, name), description = coalesce($3, description), _updated_at = $4 where _key = $1 returning _key
