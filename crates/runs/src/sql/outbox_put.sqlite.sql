-- An event of content that launches runs, in the transaction of the write.
insert into _outbox (type, event, document_id, at) values (?1, ?2, ?3, ?4)
