-- An agent has looked for work.
update _agent set last_queried = ?2, _updated_at = ?2 where _key = ?1
