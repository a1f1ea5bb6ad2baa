-- Wakes workers on other machines when the transaction commits; on SQLite there are none.
select 1 where ?1 is null
