-- The runs whose keys begin alike, two of them at most.
select _key from _run where _key >= ?1 and _key <= ?2 order by _key limit 2
