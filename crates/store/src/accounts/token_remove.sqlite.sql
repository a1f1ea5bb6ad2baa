-- Takes a token back.
delete from _token where name = ?1 returning id
