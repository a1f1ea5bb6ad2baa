-- Events of content that runs are to be launched for.
create table if not exists _outbox (
  number bigint generated always as identity primary key,
  type text collate "C" not null,
  event text collate "C" not null,
  document_id text collate "C" not null,
  at timestamptz not null
)
