-- Who executes a run, until when; every write of a worker meets its row here.
create table if not exists _lease (
  run text primary key,
  worker text not null,
  fence integer not null,
  until integer not null
) strict
