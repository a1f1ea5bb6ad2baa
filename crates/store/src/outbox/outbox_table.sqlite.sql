-- Events of content that runs are to be launched for: one row for each run.
create table if not exists _outbox (
  number integer primary key autoincrement,
  location text not null,
  repository text not null,
  job text not null,
  event text not null,
  model text not null,
  document_id text not null,
  document_key text not null,
  locale text not null,
  at integer not null,
  cause text
) strict
