-- An event of content that launches a run, in the transaction of the change.
insert into _outbox (location, repository, job, event, model, document_id, document_key, locale, at, cause)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
