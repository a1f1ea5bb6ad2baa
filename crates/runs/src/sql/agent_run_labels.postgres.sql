-- A run gets other labels.
update _run set labels = $2, _updated_at = $3 where _key = $1 returning _key
