-- Who executes a run, until when; every write of a worker meets its row here.
create table if not exists _lease (
  run uuid primary key,
  worker text collate "C" not null,
  fence bigint not null,
  until timestamptz not null
)
