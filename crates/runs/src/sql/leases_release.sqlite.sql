-- A worker that ends in order leaves its runs to others at once; that nobody has them says so.
update _lease set until = 0, worker = '' where worker = ?1 and exists (select 1 from json_each(?2) as item where item.value ->> 'run' = run and item.value ->> 'fence' = fence)
