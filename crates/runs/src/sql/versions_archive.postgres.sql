-- Versions that are not served now are archived.
update _job_version set archived = not is_listed from (select v._key, exists (select 1 from jsonb_to_recordset($1::jsonb) as item (hash text) where item.hash = v.hash) as is_listed
  from _job_version as v join _job as j on j._key = v.job_key where j.executor = 'own' and v.hash is not null) as found
where found._key = _job_version._key and archived = is_listed
