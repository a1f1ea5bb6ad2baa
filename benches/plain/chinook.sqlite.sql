-- The shop as plain tables: what the limit programs read on SQLite.
create table artist (artist_id integer primary key, name text);
create table album (
  album_id integer primary key, title text not null,
  artist_id integer not null references artist);
create table employee (
  employee_id integer primary key, last_name text not null, first_name text not null, title text,
  reports_to integer references employee, birth_date text, hire_date text, address text, city text, state text,
  country text, postal_code text, phone text, fax text, email text);
create table customer (
  customer_id integer primary key, first_name text not null, last_name text not null, company text, address text,
  city text, state text, country text, postal_code text, phone text, fax text, email text not null,
  support_rep_id integer references employee);
create table genre (genre_id integer primary key, name text);
create table media_type (media_type_id integer primary key, name text);
create table track (
  track_id integer primary key, name text not null,
  album_id integer references album, media_type_id integer not null references media_type,
  genre_id integer references genre, composer text, milliseconds integer not null, bytes integer,
  unit_price numeric not null);
create table playlist (playlist_id integer primary key, name text);
create table playlist_track (
  playlist_id integer not null references playlist, track_id integer not null references track,
  primary key (playlist_id, track_id));
create table invoice (
  invoice_id integer primary key, customer_id integer not null references customer, invoice_date text not null,
  billing_address text, billing_city text, billing_state text, billing_country text, billing_postal_code text,
  total numeric not null);
create table invoice_line (
  invoice_line_id integer primary key, invoice_id integer not null references invoice,
  track_id integer not null references track, unit_price numeric not null, quantity integer not null);
create index album_artist on album (artist_id);
create index employee_reports_to on employee (reports_to);
create index customer_support_rep on customer (support_rep_id);
create index track_album on track (album_id);
create index track_genre on track (genre_id);
create index track_media_type on track (media_type_id);
create index playlist_track_track on playlist_track (track_id);
create index invoice_customer on invoice (customer_id);
create index invoice_line_invoice on invoice_line (invoice_id);
create index invoice_line_track on invoice_line (track_id);
