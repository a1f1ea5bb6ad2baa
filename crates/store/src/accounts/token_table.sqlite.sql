-- Tokens that programs call with. Their texts are kept nowhere, only hashes.
create table if not exists _token (
  id integer primary key autoincrement,
  name text not null unique,
  hash text not null unique,
  roles text not null,
  created_at integer not null,
  expires_at integer
)
