-- Events of these jobs that no run was launched for yet.
select number, location, repository, job, event, model, document_id, document_key, locale, at, cause from _outbox as o
where exists (select 1 from json_each(?1) as item
  where item.value ->> 'location' = o.location and item.value ->> 'repository' = o.repository and item.value ->> 'job' = o.job)
order by number limit ?2
