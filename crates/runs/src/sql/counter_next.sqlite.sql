-- The next number of this name.
insert into _counter (name, value) values (?1, 1)
on conflict (name) do update set value = value + 1 returning value
