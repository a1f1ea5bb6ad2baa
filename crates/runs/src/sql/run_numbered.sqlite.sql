-- The run of this number.
select _key from _run where number = ?1
