//! Flat rows, one statement for each level over all keys of the level above, grouped by their parent here.

use anyhow::Result;
use deadpool_postgres::Client;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::answer::Answer;
use crate::request::{Operation, Request, Variables};
use crate::shape::{
    Columns as _, article_head, article_listed, article_popular, comma, comment_head, comment_inserted, genre_totals,
    id_name, id_name_milliseconds, id_title, name_country, name_id, name_only, null, track_full, track_listed,
};

const ARTISTS: &str = "select artist_id, name from artist where artist_id = any($1) order by artist_id";
const GENRES: &str = "select genre_id, name from genre where genre_id = any($1) order by genre_id";

pub(super) async fn answer(client: &Client, request: &Request, out: &mut Answer) -> Result<()> {
    let given = &request.variables;
    out.extend_from_slice(b"{\"data\":{");
    match request.operation {
        Operation::A => track(client, given, out).await?,
        Operation::B => albums_with_tracks(client, given, out).await?,
        Operation::C => tracks_of_genre(client, given, out).await?,
        Operation::D => artists(client, given, out).await?,
        Operation::E => totals_of_genre(client, given, out).await?,
        Operation::F => insert_comment(client, given, out).await?,
        Operation::G => home_page(client, given, out).await?,
        Operation::H => popular(client, given, out).await?,
        Operation::L => many_articles(client, given, out).await?,
        Operation::S => search(client, given, out).await?,
        Operation::W => every_album(client, out).await?,
    }
    out.extend_from_slice(b"}}");
    Ok(())
}

type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

async fn query(client: &Client, text: &str, values: Values<'_>) -> Result<Vec<Row>> {
    let statement = client.prepare_cached(text).await?;
    Ok(client.query(&statement, values).await?)
}

/// The rows of one level, in the order of the key in one of their columns.
struct Level {
    rows: Vec<Row>,
    keys: Vec<i32>,
}

impl Level {
    fn new(rows: Vec<Row>, column: usize) -> Self {
        let keys = rows.iter().map(|row| row.key(column)).collect();
        Self { rows, keys }
    }

    fn of(&self, key: i32) -> &[Row] {
        let start = self.keys.partition_point(|other| *other < key);
        let length = self.keys[start..].iter().take_while(|other| **other == key).count();
        &self.rows[start..start + length]
    }

    /// The row with the key, or null.
    fn one(&self, key: i32, out: &mut Answer, write: impl FnOnce(&Row, &mut Answer)) {
        match self.of(key) {
            [row, ..] => write(row, out),
            [] => null(out),
        }
    }
}

/// The keys in a column, each once.
fn keys(rows: &[Row], column: usize) -> Vec<i32> {
    let mut keys: Vec<i32> = rows.iter().map(|row| row.key(column)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn list(rows: &[Row], out: &mut Answer, mut write: impl FnMut(&Row, &mut Answer)) {
    out.push(b'[');
    let mut is_first = true;
    for row in rows {
        comma(&mut is_first, out);
        write(row, out);
    }
    out.push(b']');
}

fn first(rows: &[Row], out: &mut Answer, write: impl FnOnce(&Row, &mut Answer)) {
    match rows {
        [row, ..] => write(row, out),
        [] => null(out),
    }
}

async fn track(client: &Client, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select track_id, name, milliseconds, unit_price, composer from track where track_id = $1";
    let rows = query(client, text, &[&given.id]).await?;
    out.extend_from_slice(b"\"track_by_pk\":");
    first(&rows, out, track_full);
    Ok(())
}

async fn albums_with_tracks(client: &Client, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select album_id, title from album order by album_id limit 20 offset $1::int";
    let albums = query(client, text, &[&given.offset]).await?;
    let text =
        "select track_id, name, milliseconds, album_id from track where album_id = any($1) order by album_id, track_id";
    let tracks = Level::new(query(client, text, &[&keys(&albums, 0)]).await?, 3);
    out.extend_from_slice(b"\"album\":");
    list(&albums, out, |album, out| {
        id_title(album, out);
        out.extend_from_slice(b",\"tracks\":");
        list(tracks.of(album.key(0)), out, |track, out| {
            id_name_milliseconds(track, out);
            out.push(b'}');
        });
        out.push(b'}');
    });
    Ok(())
}

async fn tracks_of_genre(client: &Client, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select track_id, name, milliseconds, composer, unit_price from track \
        where genre_id = $1 and milliseconds > 200000 order by name, track_id limit 20 offset $2::int";
    let total = "select count(*) from track where genre_id = $1 and milliseconds > 200000";
    let (tracks, total) =
        tokio::try_join!(async { query(client, text, &[&given.genre, &given.offset]).await }, async {
            query(client, total, &[&given.genre]).await
        })?;
    out.extend_from_slice(b"\"track\":");
    list(&tracks, out, track_listed);
    out.extend_from_slice(b",\"track_aggregate\":{\"aggregate\":{\"count\":");
    first(&total, out, |row, out| row.integer(0, out));
    out.extend_from_slice(b"}}");
    Ok(())
}

async fn artists(client: &Client, given: &Variables, out: &mut Answer) -> Result<()> {
    const PAGE: usize = 20;
    let text = "select artist_id, name from artist order by artist_id limit 20 offset $1::int";
    let artists = query(client, text, &[&given.offset]).await?;
    let text = "select album_id, title, artist_id from album where artist_id = any($1) order by artist_id, album_id";
    let albums = Level::new(query(client, text, &[&keys(&artists, 0)]).await?, 2);
    let text = "select track_id, name, milliseconds, genre_id, album_id from track where album_id = any($1) order by album_id, track_id";
    let tracks = Level::new(query(client, text, &[&keys(&albums.rows, 0)]).await?, 4);
    let genres = Level::new(query(client, GENRES, &[&keys(&tracks.rows, 3)]).await?, 0);
    out.extend_from_slice(b"\"artist\":");
    list(&artists, out, |artist, out| {
        id_name(artist, out);
        out.extend_from_slice(b",\"albums\":");
        let of_artist = albums.of(artist.key(0));
        list(&of_artist[..of_artist.len().min(PAGE)], out, |album, out| {
            id_title(album, out);
            out.extend_from_slice(b",\"tracks\":");
            let of_album = tracks.of(album.key(0));
            list(&of_album[..of_album.len().min(PAGE)], out, |track, out| {
                id_name_milliseconds(track, out);
                genre(&genres, track.key(3), out);
            });
            out.push(b'}');
        });
        out.push(b'}');
    });
    Ok(())
}

/// The genre of a track, and the end of the track.
fn genre(genres: &Level, key: i32, out: &mut Answer) {
    out.extend_from_slice(b",\"genre\":");
    genres.one(key, out, |genre, out| {
        id_name(genre, out);
        out.push(b'}');
    });
    out.push(b'}');
}

async fn totals_of_genre(client: &Client, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select count(*), sum(milliseconds), avg(unit_price), max(milliseconds) from track where genre_id = $1";
    let rows = query(client, text, &[&given.genre]).await?;
    out.extend_from_slice(b"\"track_aggregate\":{\"aggregate\":");
    first(&rows, out, genre_totals);
    out.push(b'}');
    Ok(())
}

async fn insert_comment(client: &Client, given: &Variables, out: &mut Answer) -> Result<()> {
    let text =
        "insert into comment (article_id, author_id, body) values ($1, $2, $3) returning id, article_id, created_at";
    let rows = query(client, text, &[&given.article, &given.author, &given.text]).await?;
    out.extend_from_slice(b"\"insert_comment_one\":");
    first(&rows, out, comment_inserted);
    Ok(())
}

async fn home_page(client: &Client, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select id, title, slug, published_at, views, author_id from article where status = 'published' \
        order by published_at desc, id desc limit 20 offset $1::int";
    let articles = query(client, text, &[&given.offset]).await?;
    let (article_keys, author_keys) = (keys(&articles, 0), keys(&articles, 5));
    let authors = "select name, country, id from author where id = any($1) order by id";
    let tags = "select t.name, l.article_id from article_tag l join tag t on t.id = l.tag_id \
        where l.article_id = any($1) order by l.article_id, l.tag_id";
    let comments = "select c.id, c.body, c.likes, c.author_id, k.id from unnest($1::int[]) k (id) cross join lateral (\
        select id, body, likes, author_id, created_at from comment where article_id = k.id order by created_at desc limit 5) c \
        order by k.id, c.created_at desc";
    let (authors, tags, comments) = tokio::try_join!(
        async { query(client, authors, &[&author_keys]).await },
        async { query(client, tags, &[&article_keys]).await },
        async { query(client, comments, &[&article_keys]).await }
    )?;
    let (authors, tags, comments) = (Level::new(authors, 2), Level::new(tags, 1), Level::new(comments, 4));
    let text = "select name, id from author where id = any($1) order by id";
    let names = Level::new(query(client, text, &[&keys(&comments.rows, 3)]).await?, 1);
    out.extend_from_slice(b"\"article\":");
    list(&articles, out, |article, out| {
        article_head(article, out);
        out.extend_from_slice(b",\"author\":");
        authors.one(article.key(5), out, name_country);
        out.extend_from_slice(b",\"tags\":");
        list(tags.of(article.key(0)), out, name_only);
        out.extend_from_slice(b",\"comments\":");
        list(comments.of(article.key(0)), out, |comment, out| {
            comment_head(comment, out);
            out.extend_from_slice(b",\"author\":");
            names.one(comment.key(3), out, name_only);
            out.push(b'}');
        });
        out.push(b'}');
    });
    Ok(())
}

async fn popular(client: &Client, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select id, title, views, rating from article where status = 'published' and locale = $1 \
        order by views desc, id limit 20 offset $2::int";
    let total = "select count(*) from article where status = 'published' and locale = $1";
    let (articles, total) =
        tokio::try_join!(async { query(client, text, &[&given.locale, &given.offset]).await }, async {
            query(client, total, &[&given.locale]).await
        })?;
    out.extend_from_slice(b"\"article\":");
    list(&articles, out, article_popular);
    out.extend_from_slice(b",\"article_aggregate\":{\"aggregate\":{\"count\":");
    first(&total, out, |row, out| row.integer(0, out));
    out.extend_from_slice(b"}}");
    Ok(())
}

async fn many_articles(client: &Client, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select id, title, slug, status, locale, views, rating, published_at, created_at, version from article \
        where id > $1 order by id limit 1000";
    let articles = query(client, text, &[&given.offset]).await?;
    out.extend_from_slice(b"\"article\":");
    list(&articles, out, article_listed);
    Ok(())
}

async fn search(client: &Client, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select album_id, title, artist_id from album where title like $1 order by album_id";
    let albums = query(client, text, &[&given.pattern]).await?;
    let artists = Level::new(query(client, ARTISTS, &[&keys(&albums, 2)]).await?, 0);
    out.extend_from_slice(b"\"album\":");
    list(&albums, out, |album, out| {
        id_title(album, out);
        out.extend_from_slice(b",\"artist\":");
        artists.one(album.key(2), out, name_id);
        out.push(b'}');
    });
    Ok(())
}

async fn every_album(client: &Client, out: &mut Answer) -> Result<()> {
    let albums = query(client, "select album_id, title, artist_id from album order by album_id", &[]).await?;
    let (album_keys, artist_keys) = (keys(&albums, 0), keys(&albums, 2));
    let text =
        "select track_id, name, genre_id, album_id from track where album_id = any($1) order by album_id, track_id";
    let (artists, tracks) = tokio::try_join!(async { query(client, ARTISTS, &[&artist_keys]).await }, async {
        query(client, text, &[&album_keys]).await
    })?;
    let (artists, tracks) = (Level::new(artists, 0), Level::new(tracks, 3));
    let genres = Level::new(query(client, GENRES, &[&keys(&tracks.rows, 2)]).await?, 0);
    out.extend_from_slice(b"\"album\":");
    list(&albums, out, |album, out| {
        id_title(album, out);
        out.extend_from_slice(b",\"artist\":");
        artists.one(album.key(2), out, |artist, out| {
            id_name(artist, out);
            out.push(b'}');
        });
        out.extend_from_slice(b",\"tracks\":");
        list(tracks.of(album.key(0)), out, |track, out| {
            id_name(track, out);
            genre(&genres, track.key(2), out);
        });
        out.push(b'}');
    });
    Ok(())
}
