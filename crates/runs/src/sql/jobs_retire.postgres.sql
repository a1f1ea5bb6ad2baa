-- Jobs that the project declares no longer.
update _job set is_current = false, _updated_at = $2
where executor = 'own' and is_current and not exists (select 1 from jsonb_to_recordset($1::jsonb) as item (location text, repository text, name text)
  where item.location = _job.location and item.repository = _job.repository and item.name = _job.name)
