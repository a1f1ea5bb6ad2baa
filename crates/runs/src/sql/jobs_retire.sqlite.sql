-- Jobs that the project declares no longer.
update _job set is_current = 0, _updated_at = ?2
where executor = 'own' and is_current = 1 and not exists (select 1 from json_each(?1) as item
  where item.value ->> 'location' = location and item.value ->> 'repository' = repository and item.value ->> 'name' = _job.name)
