-- Runs that came as first data have numbers, too.
insert into _counter (name, value) select 'run', coalesce(max(number), 0) from _run where true
on conflict (name) do update set value = max(value, excluded.value)
