//! Flat rows, one prepared statement for each level, stepped in place below each parent.

use anyhow::Result;
use rusqlite::{CachedStatement, Connection, Params, Row, params};

use crate::answer::Answer;
use crate::request::{Operation, Request, Variables};
use crate::shape::{
    Columns as _, article_head, article_listed, article_popular, comma, comment_head, comment_inserted, genre_totals,
    id_name, id_name_milliseconds, id_title, name_country, name_id, name_only, null, track_full, track_listed,
};

const GENRE: &str = "select genre_id, name from genre where genre_id = ?1";
const ARTIST: &str = "select artist_id, name from artist where artist_id = ?1";

pub(super) fn answer(database: &Connection, request: &Request, out: &mut Answer) -> Result<()> {
    let given = &request.variables;
    out.extend_from_slice(b"{\"data\":{");
    let is_snapshot_needed = !matches!(request.operation, Operation::A | Operation::E | Operation::F | Operation::L);
    if is_snapshot_needed {
        database.prepare_cached("begin")?.execute([])?;
    }
    let outcome = match request.operation {
        Operation::A => track(database, given, out),
        Operation::B => albums_with_tracks(database, given, out),
        Operation::C => tracks_of_genre(database, given, out),
        Operation::D => artists(database, given, out),
        Operation::E => totals_of_genre(database, given, out),
        Operation::F => insert_comment(database, given, out),
        Operation::G => home_page(database, given, out),
        Operation::H => popular(database, given, out),
        Operation::L => many_articles(database, given, out),
        Operation::S => search(database, given, out),
        Operation::W => every_album(database, out),
    };
    if is_snapshot_needed {
        database.prepare_cached("commit")?.execute([])?;
    }
    out.extend_from_slice(b"}}");
    outcome
}

/// A list: each row is written by `write`.
fn list(
    statement: &mut CachedStatement<'_>,
    values: impl Params,
    out: &mut Answer,
    mut write: impl FnMut(&Row<'_>, &mut Answer) -> Result<()>,
) -> Result<()> {
    out.push(b'[');
    let (mut rows, mut is_first) = (statement.query(values)?, true);
    while let Some(row) = rows.next()? {
        comma(&mut is_first, out);
        write(row, out)?;
    }
    out.push(b']');
    Ok(())
}

/// One row or null.
fn one(
    statement: &mut CachedStatement<'_>,
    values: impl Params,
    out: &mut Answer,
    write: impl FnOnce(&Row<'_>, &mut Answer),
) -> Result<()> {
    let mut rows = statement.query(values)?;
    match rows.next()? {
        Some(row) => write(row, out),
        None => null(out),
    }
    Ok(())
}

fn track(database: &Connection, given: &Variables, out: &mut Answer) -> Result<()> {
    out.extend_from_slice(b"\"track_by_pk\":");
    let text = "select track_id, name, milliseconds, unit_price, composer from track where track_id = ?1";
    one(&mut database.prepare_cached(text)?, params![given.id], out, |row, out| track_full(row, out))
}

fn albums_with_tracks(database: &Connection, given: &Variables, out: &mut Answer) -> Result<()> {
    let mut albums =
        database.prepare_cached("select album_id, title from album order by album_id limit 20 offset ?1")?;
    let text = "select track_id, name, milliseconds from track where album_id = ?1 order by track_id";
    let mut tracks = database.prepare_cached(text)?;
    out.extend_from_slice(b"\"album\":");
    list(&mut albums, params![given.offset], out, |album, out| {
        id_title(album, out);
        out.extend_from_slice(b",\"tracks\":");
        list(&mut tracks, params![album.key(0)], out, |track, out| {
            id_name_milliseconds(track, out);
            out.push(b'}');
            Ok(())
        })?;
        out.push(b'}');
        Ok(())
    })
}

fn tracks_of_genre(database: &Connection, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select track_id, name, milliseconds, composer, unit_price from track \
        where genre_id = ?1 and milliseconds > 200000 order by name, track_id limit 20 offset ?2";
    out.extend_from_slice(b"\"track\":");
    list(&mut database.prepare_cached(text)?, params![given.genre, given.offset], out, |row, out| {
        track_listed(row, out);
        Ok(())
    })?;
    out.extend_from_slice(b",\"track_aggregate\":{\"aggregate\":{\"count\":");
    let text = "select count(*) from track where genre_id = ?1 and milliseconds > 200000";
    one(&mut database.prepare_cached(text)?, params![given.genre], out, |row, out| row.integer(0, out))?;
    out.extend_from_slice(b"}}");
    Ok(())
}

fn artists(database: &Connection, given: &Variables, out: &mut Answer) -> Result<()> {
    let mut artists =
        database.prepare_cached("select artist_id, name from artist order by artist_id limit 20 offset ?1")?;
    let text = "select album_id, title from album where artist_id = ?1 order by album_id limit 20";
    let mut albums = database.prepare_cached(text)?;
    let text =
        "select track_id, name, milliseconds, genre_id from track where album_id = ?1 order by track_id limit 20";
    let mut tracks = database.prepare_cached(text)?;
    let mut genres = database.prepare_cached(GENRE)?;
    out.extend_from_slice(b"\"artist\":");
    list(&mut artists, params![given.offset], out, |artist, out| {
        id_name(artist, out);
        out.extend_from_slice(b",\"albums\":");
        list(&mut albums, params![artist.key(0)], out, |album, out| {
            id_title(album, out);
            out.extend_from_slice(b",\"tracks\":");
            list(&mut tracks, params![album.key(0)], out, |track, out| {
                id_name_milliseconds(track, out);
                genre(&mut genres, track.key(3), out)
            })?;
            out.push(b'}');
            Ok(())
        })?;
        out.push(b'}');
        Ok(())
    })
}

/// The genre of a track, and the end of the track.
fn genre(genres: &mut CachedStatement<'_>, key: i32, out: &mut Answer) -> Result<()> {
    out.extend_from_slice(b",\"genre\":");
    one(genres, params![key], out, |genre, out| {
        id_name(genre, out);
        out.push(b'}');
    })?;
    out.push(b'}');
    Ok(())
}

fn totals_of_genre(database: &Connection, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select count(*), sum(milliseconds), avg(unit_price), max(milliseconds) from track where genre_id = ?1";
    out.extend_from_slice(b"\"track_aggregate\":{\"aggregate\":");
    one(&mut database.prepare_cached(text)?, params![given.genre], out, |row, out| genre_totals(row, out))?;
    out.push(b'}');
    Ok(())
}

fn insert_comment(database: &Connection, given: &Variables, out: &mut Answer) -> Result<()> {
    let text =
        "insert into comment (article_id, author_id, body) values (?1, ?2, ?3) returning id, article_id, created_at";
    out.extend_from_slice(b"\"insert_comment_one\":");
    let mut insert = database.prepare_cached(text)?;
    one(&mut insert, params![given.article, given.author, given.text], out, |row, out| comment_inserted(row, out))
}

fn home_page(database: &Connection, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select id, title, slug, published_at, views, author_id from article where status = 'published' \
        order by published_at desc, id desc limit 20 offset ?1";
    let mut articles = database.prepare_cached(text)?;
    let mut authors = database.prepare_cached("select name, country from author where id = ?1")?;
    let text = "select t.name from article_tag l cross join tag t on t.id = l.tag_id where l.article_id = ?1 order by l.tag_id";
    let mut tags = database.prepare_cached(text)?;
    let text = "select id, body, likes, author_id from comment where article_id = ?1 order by created_at desc limit 5";
    let mut comments = database.prepare_cached(text)?;
    let mut names = database.prepare_cached("select name from author where id = ?1")?;
    out.extend_from_slice(b"\"article\":");
    list(&mut articles, params![given.offset], out, |article, out| {
        article_head(article, out);
        out.extend_from_slice(b",\"author\":");
        one(&mut authors, params![article.key(5)], out, |row, out| name_country(row, out))?;
        out.extend_from_slice(b",\"tags\":");
        list(&mut tags, params![article.key(0)], out, |tag, out| {
            name_only(tag, out);
            Ok(())
        })?;
        out.extend_from_slice(b",\"comments\":");
        list(&mut comments, params![article.key(0)], out, |comment, out| {
            comment_head(comment, out);
            out.extend_from_slice(b",\"author\":");
            one(&mut names, params![comment.key(3)], out, |row, out| name_only(row, out))?;
            out.push(b'}');
            Ok(())
        })?;
        out.push(b'}');
        Ok(())
    })
}

fn popular(database: &Connection, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select id, title, views, rating from article where status = 'published' and locale = ?1 \
        order by views desc, id limit 20 offset ?2";
    out.extend_from_slice(b"\"article\":");
    list(&mut database.prepare_cached(text)?, params![given.locale, given.offset], out, |row, out| {
        article_popular(row, out);
        Ok(())
    })?;
    out.extend_from_slice(b",\"article_aggregate\":{\"aggregate\":{\"count\":");
    let text = "select count(*) from article where status = 'published' and locale = ?1";
    one(&mut database.prepare_cached(text)?, params![given.locale], out, |row, out| row.integer(0, out))?;
    out.extend_from_slice(b"}}");
    Ok(())
}

fn many_articles(database: &Connection, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select id, title, slug, status, locale, views, rating, published_at, created_at, version from article \
        where id > ?1 order by id limit 1000";
    out.extend_from_slice(b"\"article\":");
    list(&mut database.prepare_cached(text)?, params![given.offset], out, |row, out| {
        article_listed(row, out);
        Ok(())
    })
}

fn search(database: &Connection, given: &Variables, out: &mut Answer) -> Result<()> {
    let text = "select album_id, title, artist_id from album where title like ?1 order by album_id";
    let mut albums = database.prepare_cached(text)?;
    let mut artists = database.prepare_cached(ARTIST)?;
    out.extend_from_slice(b"\"album\":");
    list(&mut albums, params![given.pattern], out, |album, out| {
        id_title(album, out);
        out.extend_from_slice(b",\"artist\":");
        one(&mut artists, params![album.key(2)], out, |row, out| name_id(row, out))?;
        out.push(b'}');
        Ok(())
    })
}

fn every_album(database: &Connection, out: &mut Answer) -> Result<()> {
    let mut albums = database.prepare_cached("select album_id, title, artist_id from album order by album_id")?;
    let mut artists = database.prepare_cached(ARTIST)?;
    let text = "select track_id, name, genre_id from track where album_id = ?1 order by track_id";
    let mut tracks = database.prepare_cached(text)?;
    let mut genres = database.prepare_cached(GENRE)?;
    out.extend_from_slice(b"\"album\":");
    list(&mut albums, params![], out, |album, out| {
        id_title(album, out);
        out.extend_from_slice(b",\"artist\":");
        one(&mut artists, params![album.key(2)], out, |artist, out| {
            id_name(artist, out);
            out.push(b'}');
        })?;
        out.extend_from_slice(b",\"tracks\":");
        list(&mut tracks, params![album.key(0)], out, |track, out| {
            id_name(track, out);
            genre(&mut genres, track.key(2), out)
        })?;
        out.push(b'}');
        Ok(())
    })
}
