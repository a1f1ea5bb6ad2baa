-- An event of content that launches a run, in the transaction of the change; whoever launches is told when it commits.
with put as (
  insert into _outbox (location, repository, job, event, model, document_id, document_key, locale, at, cause)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning number
)
select 1 from put, pg_notify('dragoman_runs', 'outbox')
