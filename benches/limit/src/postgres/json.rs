//! One statement for each operation: PostgreSQL builds the whole answer as JSON.

use anyhow::{Context as _, Result};
use deadpool_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::answer::Answer;
use crate::request::{Operation, Request};

const A: &str = "select json_build_object('track_by_pk', json_build_object('id', track_id, 'name', name, 'milliseconds', milliseconds, \
    'unit_price', unit_price, 'composer', composer))::text from track where track_id = $1";
const B: &str = "select json_build_object('album', coalesce(json_agg(json_build_object('id', a.album_id, 'title', a.title, 'tracks', t.tracks) \
    order by a.album_id), '[]'))::text from (select album_id, title from album order by album_id limit 20 offset $1::int) a cross join lateral (\
    select coalesce(json_agg(json_build_object('id', track_id, 'name', name, 'milliseconds', milliseconds) order by track_id), '[]') as tracks \
    from track where album_id = a.album_id) t";
const C: &str = "select json_build_object('track', (select coalesce(json_agg(json_build_object('id', track_id, 'name', name, 'milliseconds', milliseconds, \
    'composer', composer, 'unit_price', unit_price)), '[]') from (select track_id, name, milliseconds, composer, unit_price from track \
    where genre_id = $1 and milliseconds > 200000 order by name, track_id limit 20 offset $2::int) t), 'track_aggregate', \
    json_build_object('aggregate', json_build_object('count', (select count(*) from track where genre_id = $1 and milliseconds > 200000))))::text";
const D: &str = "select json_build_object('artist', coalesce(json_agg(json_build_object('id', r.artist_id, 'name', r.name, 'albums', x.albums) \
    order by r.artist_id), '[]'))::text from (select artist_id, name from artist order by artist_id limit 20 offset $1::int) r cross join lateral (\
    select coalesce(json_agg(json_build_object('id', a.album_id, 'title', a.title, 'tracks', y.tracks) order by a.album_id), '[]') as albums from (\
    select album_id, title from album where artist_id = r.artist_id order by album_id limit 20) a cross join lateral (\
    select coalesce(json_agg(json_build_object('id', t.track_id, 'name', t.name, 'milliseconds', t.milliseconds, 'genre', \
    case when g.genre_id is not null then json_build_object('id', g.genre_id, 'name', g.name) end) order by t.track_id), '[]') as tracks from (\
    select track_id, name, milliseconds, genre_id from track where album_id = a.album_id order by track_id limit 20) t \
    left join genre g on g.genre_id = t.genre_id) y) x";
const E: &str = "select json_build_object('track_aggregate', json_build_object('aggregate', json_build_object('count', count(*), \
    'sum', json_build_object('milliseconds', sum(milliseconds)), 'avg', json_build_object('unit_price', avg(unit_price)), \
    'max', json_build_object('milliseconds', max(milliseconds)))))::text from track where genre_id = $1";
const F: &str = "with made as (insert into comment (article_id, author_id, body) values ($1, $2, $3) returning id, article_id, created_at) \
    select json_build_object('insert_comment_one', json_build_object('id', id, 'article_id', article_id, 'created_at', created_at))::text from made";
const G: &str = "select json_build_object('article', coalesce(json_agg(json_build_object('id', a.id, 'title', a.title, 'slug', a.slug, \
    'released_at', a.published_at, 'views', a.views, 'author', json_build_object('name', u.name, 'country', u.country), 'tags', x.tags, \
    'comments', y.comments) order by a.published_at desc, a.id desc), '[]'))::text from (\
    select id, title, slug, published_at, views, author_id from article where status = 'published' \
    order by published_at desc, id desc limit 20 offset $1::int) a join author u on u.id = a.author_id cross join lateral (\
    select coalesce(json_agg(json_build_object('name', t.name) order by t.id), '[]') as tags from article_tag l join tag t on t.id = l.tag_id \
    where l.article_id = a.id) x cross join lateral (\
    select coalesce(json_agg(json_build_object('id', c.id, 'body', c.body, 'likes', c.likes, 'author', json_build_object('name', w.name)) \
    order by c.created_at desc), '[]') as comments from (select id, body, likes, author_id, created_at from comment where article_id = a.id \
    order by created_at desc limit 5) c join author w on w.id = c.author_id) y";
const H: &str = "select json_build_object('article', (select coalesce(json_agg(json_build_object('id', id, 'title', title, 'views', views, 'rating', rating)), '[]') \
    from (select id, title, views, rating from article where status = 'published' and locale = $1 order by views desc, id limit 20 offset $2::int) a), \
    'article_aggregate', json_build_object('aggregate', json_build_object('count', \
    (select count(*) from article where status = 'published' and locale = $1))))::text";
const L: &str = "select json_build_object('article', coalesce(json_agg(json_build_object('id', id, 'title', title, 'slug', slug, 'state', status, \
    'lang', locale, 'views', views, 'rating', rating, 'released_at', published_at, 'created_at', created_at, 'version', version)), '[]'))::text from (\
    select id, title, slug, status, locale, views, rating, published_at, created_at, version from article where id > $1 order by id limit 1000) a";
const S: &str = "select json_build_object('album', coalesce(json_agg(json_build_object('id', a.album_id, 'title', a.title, 'artist', \
    json_build_object('name', r.name, 'id', r.artist_id)) order by a.album_id), '[]'))::text from album a join artist r on r.artist_id = a.artist_id where a.title like $1";
const W: &str = "select json_build_object('album', coalesce(json_agg(json_build_object('id', a.album_id, 'title', a.title, 'artist', \
    json_build_object('id', r.artist_id, 'name', r.name), 'tracks', x.tracks) order by a.album_id), '[]'))::text \
    from album a join artist r on r.artist_id = a.artist_id cross join lateral (\
    select coalesce(json_agg(json_build_object('id', t.track_id, 'name', t.name, 'genre', \
    case when g.genre_id is not null then json_build_object('id', g.genre_id, 'name', g.name) end) order by t.track_id), '[]') as tracks \
    from track t left join genre g on g.genre_id = t.genre_id where t.album_id = a.album_id) x";

pub(super) async fn answer(client: &Client, request: &Request, out: &mut Answer) -> Result<()> {
    let given = &request.variables;
    let (statement, values): (&str, &[&(dyn ToSql + Sync)]) = match request.operation {
        Operation::A => (A, &[&given.id]),
        Operation::B => (B, &[&given.offset]),
        Operation::C => (C, &[&given.genre, &given.offset]),
        Operation::D => (D, &[&given.offset]),
        Operation::E => (E, &[&given.genre]),
        Operation::F => (F, &[&given.article, &given.author, &given.text]),
        Operation::G => (G, &[&given.offset]),
        Operation::H => (H, &[&given.locale, &given.offset]),
        Operation::L => (L, &[&given.offset]),
        Operation::S => (S, &[&given.pattern]),
        Operation::W => (W, &[]),
    };
    let statement = client.prepare_cached(statement).await?;
    let row = client.query_opt(&statement, values).await?.context("there is no such row")?;
    out.extend_from_slice(b"{\"data\":");
    out.extend_from_slice(row.get::<_, &str>(0).as_bytes());
    out.push(b'}');
    Ok(())
}
