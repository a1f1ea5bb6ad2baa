-- A worker that ends in order leaves its runs to others at once.
update _lease set until = 0 where worker = ?1 and exists (select 1 from json_each(?2) as item where item.value ->> 'run' = run and item.value ->> 'fence' = fence)
