-- Tokens that programs call with. Their texts are kept nowhere, only hashes.
create table if not exists _token (
  id bigint generated always as identity primary key,
  name text collate "C" not null unique,
  hash text collate "C" not null unique,
  roles text not null,
  created_at bigint not null,
  expires_at bigint
)
