-- Events of these jobs that no run was launched for yet; nobody else takes them before the end of the transaction.
select number, location, repository, job, event, model, document_id, document_key, locale, at, cause from _outbox as o
where exists (select 1 from jsonb_to_recordset($1::jsonb) as item (location text, repository text, job text)
  where item.location = o.location and item.repository = o.repository and item.job = o.job)
order by number limit $2 for update of o skip locked
