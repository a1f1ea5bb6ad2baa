-- A worker takes a run; whoever had it before has an older fence.
insert into _lease (run, worker, fence, until) values ($1, $2, 1, $3)
on conflict (run) do update set worker = excluded.worker, fence = _lease.fence + 1, until = excluded.until returning fence
