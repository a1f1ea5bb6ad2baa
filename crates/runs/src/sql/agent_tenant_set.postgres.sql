-- A tenant gets another name, slug or settings.
update _tenant set name = coalesce($2, name), slug = coalesce($3, slug), settings = coalesce($4, settings), _updated_at = $5 where _key = $1 returning _key
