-- Numbers that are given out in the order of commits.
create table if not exists _counter (
  name text primary key,
  value integer not null
) strict
