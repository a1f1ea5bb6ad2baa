-- The magazine as plain tables: what the limit programs read on SQLite.
create table author (
  id integer primary key, name text not null, email text not null unique, bio text, country text not null,
  active integer not null default 1,
  joined_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
create table tag (id integer primary key, name text not null unique, slug text not null unique);
create table article (
  id integer primary key, author_id integer not null references author on delete cascade,
  title text not null, slug text not null unique,
  status text not null default 'draft' check (status in ('draft', 'published', 'archived')),
  locale text not null default 'en', body text not null, views integer not null default 0,
  rating numeric, meta text, published_at text,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  updated_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  version integer not null default 1);
create table article_tag (
  article_id integer not null references article on delete cascade,
  tag_id integer not null references tag on delete cascade,
  primary key (article_id, tag_id));
create table comment (
  id integer primary key, article_id integer not null references article on delete cascade,
  author_id integer not null references author on delete cascade,
  parent_id integer references comment on delete set null,
  body text not null, approved integer not null default 1, likes integer not null default 0,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
