-- A run gets another name.
update _run set name = ?2, _updated_at = ?3 where _key = ?1 returning _key
