-- Events of content that runs are to be launched for.
create table if not exists _outbox (
  number integer primary key autoincrement,
  type text not null,
  event text not null,
  document_id text not null,
  at integer not null
) strict
