//! One statement for each operation: SQLite builds the whole answer as JSON.

use anyhow::{Context as _, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, params};

use crate::answer::Answer;
use crate::request::{Operation, Request};

const A: &str = "select json_object('track_by_pk', json_object('id', track_id, 'name', name, 'milliseconds', milliseconds, \
    'unit_price', unit_price, 'composer', composer)) from track where track_id = ?1";
const B: &str = "select json_object('album', json_group_array(json_object('id', album_id, 'title', title, 'tracks', json(tracks)))) from (\
    select album_id, title, (select json_group_array(json_object('id', track_id, 'name', name, 'milliseconds', milliseconds)) from (\
    select track_id, name, milliseconds from track t where t.album_id = a.album_id order by track_id)) as tracks \
    from album a order by album_id limit 20 offset ?1)";
const C: &str = "select json_object('track', json((select json_group_array(json_object('id', track_id, 'name', name, 'milliseconds', milliseconds, \
    'composer', composer, 'unit_price', unit_price)) from (select track_id, name, milliseconds, composer, unit_price from track \
    where genre_id = ?1 and milliseconds > 200000 order by name, track_id limit 20 offset ?2))), \
    'track_aggregate', json_object('aggregate', json_object('count', (select count(*) from track where genre_id = ?1 and milliseconds > 200000))))";
const D: &str = "select json_object('artist', json_group_array(json_object('id', artist_id, 'name', name, 'albums', json(albums)))) from (\
    select artist_id, name, (select json_group_array(json_object('id', album_id, 'title', title, 'tracks', json(tracks))) from (\
    select album_id, title, (select json_group_array(json_object('id', track_id, 'name', name, 'milliseconds', milliseconds, \
    'genre', json(genre))) from (select track_id, t.name, milliseconds, \
    (select json_object('id', g.genre_id, 'name', g.name) from genre g where g.genre_id = t.genre_id) as genre \
    from track t where t.album_id = a.album_id order by track_id limit 20)) as tracks \
    from album a where a.artist_id = r.artist_id order by album_id limit 20)) as albums \
    from artist r order by artist_id limit 20 offset ?1)";
const E: &str = "select json_object('track_aggregate', json_object('aggregate', json_object('count', count(*), \
    'sum', json_object('milliseconds', sum(milliseconds)), 'avg', json_object('unit_price', avg(unit_price)), \
    'max', json_object('milliseconds', max(milliseconds))))) from track where genre_id = ?1";
const F: &str = "insert into comment (article_id, author_id, body) values (?1, ?2, ?3) returning \
    json_object('insert_comment_one', json_object('id', id, 'article_id', article_id, 'created_at', created_at))";
const G: &str = "select json_object('article', json_group_array(json_object('id', id, 'title', title, 'slug', slug, 'released_at', published_at, \
    'views', views, 'author', json(author), 'tags', json(tags), 'comments', json(comments)))) from (\
    select id, title, slug, published_at, views, \
    (select json_object('name', u.name, 'country', u.country) from author u where u.id = a.author_id) as author, \
    (select json_group_array(json_object('name', name)) from (select t.name from article_tag l cross join tag t on t.id = l.tag_id \
    where l.article_id = a.id order by l.tag_id)) as tags, \
    (select json_group_array(json_object('id', id, 'body', body, 'likes', likes, 'author', json(author))) from (\
    select c.id, c.body, c.likes, (select json_object('name', u.name) from author u where u.id = c.author_id) as author \
    from comment c where c.article_id = a.id order by c.created_at desc limit 5)) as comments \
    from article a where status = 'published' order by published_at desc, id desc limit 20 offset ?1)";
const H: &str = "select json_object('article', json((select json_group_array(json_object('id', id, 'title', title, 'views', views, 'rating', rating)) from (\
    select id, title, views, rating from article where status = 'published' and locale = ?1 order by views desc, id limit 20 offset ?2))), \
    'article_aggregate', json_object('aggregate', json_object('count', (select count(*) from article where status = 'published' and locale = ?1))))";
const L: &str = "select json_object('article', json_group_array(json_object('id', id, 'title', title, 'slug', slug, 'state', status, 'lang', locale, \
    'views', views, 'rating', rating, 'released_at', published_at, 'created_at', created_at, 'version', version))) from (\
    select id, title, slug, status, locale, views, rating, published_at, created_at, version from article where id > ?1 order by id limit 1000)";
const S: &str = "select json_object('album', json_group_array(json_object('id', album_id, 'title', title, 'artist', \
    json(artist)))) from (select album_id, title, (select json_object('name', r.name, 'id', r.artist_id) from artist r where r.artist_id = a.artist_id) as artist \
    from album a where title like ?1 order by album_id)";
const W: &str = "select json_object('album', json_group_array(json_object('id', album_id, 'title', title, 'artist', json(artist), 'tracks', json(tracks)))) from (\
    select album_id, title, (select json_object('id', r.artist_id, 'name', r.name) from artist r where r.artist_id = a.artist_id) as artist, \
    (select json_group_array(json_object('id', track_id, 'name', name, 'genre', json(genre))) from (select track_id, t.name, \
    (select json_object('id', g.genre_id, 'name', g.name) from genre g where g.genre_id = t.genre_id) as genre \
    from track t where t.album_id = a.album_id order by track_id)) as tracks from album a order by album_id)";

pub(super) fn answer(database: &Connection, request: &Request, out: &mut Answer) -> Result<()> {
    let given = &request.variables;
    out.extend_from_slice(b"{\"data\":");
    match request.operation {
        Operation::A => pass(database, A, params![given.id], out)?,
        Operation::B => pass(database, B, params![given.offset], out)?,
        Operation::C => pass(database, C, params![given.genre, given.offset], out)?,
        Operation::D => pass(database, D, params![given.offset], out)?,
        Operation::E => pass(database, E, params![given.genre], out)?,
        Operation::F => pass(database, F, params![given.article, given.author, given.text], out)?,
        Operation::G => pass(database, G, params![given.offset], out)?,
        Operation::H => pass(database, H, params![given.locale, given.offset], out)?,
        Operation::L => pass(database, L, params![given.offset], out)?,
        Operation::S => pass(database, S, params![given.pattern], out)?,
        Operation::W => pass(database, W, params![], out)?,
    }
    out.push(b'}');
    Ok(())
}

/// Copies the only column of the only row.
fn pass(database: &Connection, statement: &str, values: impl Params, out: &mut Answer) -> Result<()> {
    let mut statement = database.prepare_cached(statement)?;
    let mut rows = statement.query(values)?;
    let row = rows.next()?.context("there is no such row")?;
    match row.get_ref(0)? {
        ValueRef::Text(text) => out.extend_from_slice(text),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => out.extend_from_slice(b"null"),
    }
    Ok(())
}
