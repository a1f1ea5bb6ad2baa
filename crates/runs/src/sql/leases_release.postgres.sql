-- A worker that ends in order leaves its runs to others at once; that nobody has them says so.
update _lease set until = timestamptz 'epoch', worker = '' from jsonb_to_recordset($2::jsonb) as item (run uuid, fence bigint)
where worker = $1 and item.run = _lease.run and item.fence = _lease.fence
