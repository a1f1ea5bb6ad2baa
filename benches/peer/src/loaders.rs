//! One statement for all keys that are asked together.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use deadpool_postgres::Pool;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::schema::{Album, Artist, Author, Comment, Genre, Tag, Track};

/// What a loader fails with: shared by all who wait for it.
pub(crate) type Failure = Arc<anyhow::Error>;

#[derive(Clone)]
pub(crate) struct Database(pub(crate) Pool);

impl Database {
    pub(crate) async fn query(&self, text: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
        let rows = async {
            let client = self.0.get().await?;
            let statement = client.prepare_cached(text).await?;
            Ok::<_, anyhow::Error>(client.query(&statement, values).await?)
        };
        rows.await.map_err(Arc::new)
    }

    /// Rows by the key in their last column.
    async fn grouped<T: From<Row>>(&self, text: &str, keys: &[i32]) -> Result<HashMap<i32, Vec<T>>, Failure> {
        let mut groups: HashMap<i32, Vec<T>> = HashMap::new();
        for row in self.query(text, &[&keys]).await? {
            let key = row.get(row.len() - 1);
            groups.entry(key).or_default().push(T::from(row));
        }
        Ok(groups)
    }
}

macro_rules! keys {
    ($($name:ident)*) => { $(#[derive(Clone, Copy, PartialEq, Eq, Hash)] pub(crate) struct $name(pub(crate) i32);)* };
}

keys! { AlbumsOf TracksOf GenreBy ArtistBy AuthorBy TagsOf CommentsOf }

macro_rules! loader {
    ($key:ident, many $value:ty, $text:literal) => {
        impl Loader<$key> for Database {
            type Value = Vec<$value>;
            type Error = Failure;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Self::Value>, Failure> {
                let keys: Vec<i32> = keys.iter().map(|key| key.0).collect();
                let groups = self.grouped::<$value>($text, &keys).await?;
                Ok(groups.into_iter().map(|(key, rows)| ($key(key), rows)).collect())
            }
        }
    };
    ($key:ident, one $value:ty, $text:literal) => {
        impl Loader<$key> for Database {
            type Value = $value;
            type Error = Failure;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Self::Value>, Failure> {
                let keys: Vec<i32> = keys.iter().map(|key| key.0).collect();
                let groups = self.grouped::<$value>($text, &keys).await?;
                Ok(groups.into_iter().filter_map(|(key, mut rows)| Some(($key(key), rows.pop()?))).collect())
            }
        }
    };
}

loader!(AlbumsOf, many Album, "select album_id, title, artist_id, artist_id from album where artist_id = any($1) order by artist_id, album_id");
loader!(TracksOf, many Track, "select track_id, name, milliseconds, unit_price::float8, composer, genre_id, album_id from track \
    where album_id = any($1) order by album_id, track_id");
loader!(GenreBy, one Genre, "select genre_id, name, genre_id from genre where genre_id = any($1)");
loader!(ArtistBy, one Artist, "select artist_id, name, artist_id from artist where artist_id = any($1)");
loader!(AuthorBy, one Author, "select name, country, id from author where id = any($1)");
loader!(TagsOf, many Tag, "select t.name, l.article_id from article_tag l join tag t on t.id = l.tag_id \
    where l.article_id = any($1) order by l.article_id, l.tag_id");
loader!(CommentsOf, many Comment, "select c.id, c.body, c.likes, c.author_id, k.id from unnest($1::int[]) k (id) cross join lateral (\
    select id, body, likes, author_id, created_at from comment where article_id = k.id order by created_at desc limit 5) c \
    order by k.id, c.created_at desc");
