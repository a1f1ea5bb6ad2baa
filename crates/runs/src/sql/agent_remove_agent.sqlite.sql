-- An agent is known no longer.
delete from _agent where _key = ?1 returning _key
