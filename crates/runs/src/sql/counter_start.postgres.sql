-- Runs that came as first data have numbers, too.
insert into _counter (name, value) select 'run', coalesce(max(number), 0) from _run
on conflict (name) do update set value = greatest(_counter.value, excluded.value)
