-- A worker is alive; gives the runs that it still has, and their status.
update _lease set until = coalesce($1::timestamptz, clock_timestamp()) + $4::bigint * interval '1 microsecond' from jsonb_to_recordset($3::jsonb) as item (run uuid, fence bigint)
where worker = $2 and until > coalesce($1::timestamptz, clock_timestamp()) and item.run = _lease.run and item.fence = _lease.fence returning _lease.run, (select status from _run where _key = _lease.run)
