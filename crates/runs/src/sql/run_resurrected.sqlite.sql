-- A run goes on whose worker was not heard of.
update _run set times_resurrected = times_resurrected + 1 where _key = ?1
