-- Events that runs were not launched for yet.
select number, type, event, document_id, at from _outbox order by number limit $1 for update skip locked
