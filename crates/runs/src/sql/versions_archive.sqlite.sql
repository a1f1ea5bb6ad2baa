-- Versions that are not served now are archived.
update _job_version set archived = not exists (select 1 from json_each(?1) as item where item.value ->> 'hash' = hash)
where hash is not null and job_key in (select _key from _job where executor = 'own')
