-- Events of content that runs are to be launched for: one row for each run.
create table if not exists _outbox (
  number bigint generated always as identity primary key,
  location text collate "C" not null,
  repository text collate "C" not null,
  job text collate "C" not null,
  event text collate "C" not null,
  model text collate "C" not null,
  document_id text collate "C" not null,
  document_key text collate "C" not null,
  locale text collate "C" not null,
  at timestamptz not null,
  cause text collate "C"
)
