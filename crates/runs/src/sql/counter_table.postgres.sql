-- Numbers that are given out in the order of commits.
create table if not exists _counter (
  name text collate "C" primary key,
  value bigint not null
)
