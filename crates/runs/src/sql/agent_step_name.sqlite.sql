-- A step gets another name.
update _step_run set name = ?2, _updated_at = ?3 where _key = ?1 returning _key
