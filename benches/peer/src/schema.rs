//! The types and root fields, under the names that the benchmark's requests use.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Json, Object, Result, SimpleObject};
use serde_json::Value;
use tokio_postgres::Row;

use crate::loaders::{AlbumsOf, ArtistBy, AuthorBy, CommentsOf, Database, GenreBy, TagsOf, TracksOf};

/// An argument that a fixed statement already answers.
type Fixed = Option<Json<Value>>;

pub(crate) struct Query;

#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl Query {
    async fn track_by_pk(&self, ctx: &Context<'_>, id: i32) -> Result<Option<Track>> {
        let text = "select track_id, name, milliseconds, unit_price::float8, composer, genre_id from track where track_id = $1";
        Ok(database(ctx)?.query(text, &[&id]).await?.pop().map(Track::from))
    }

    async fn album(
        &self,
        ctx: &Context<'_>,
        order_by: Fixed,
        limit: Option<i64>,
        offset: Option<i64>,
    ) -> Result<Vec<Album>> {
        let _ = order_by;
        let text = "select album_id, title, artist_id from album order by album_id limit $1 offset $2";
        let rows = database(ctx)?.query(text, &[&limit, &offset]).await?;
        Ok(rows.into_iter().map(Album::from).collect())
    }

    async fn artist(
        &self,
        ctx: &Context<'_>,
        order_by: Fixed,
        limit: Option<i64>,
        offset: Option<i64>,
    ) -> Result<Vec<Artist>> {
        let _ = order_by;
        let text = "select artist_id, name from artist order by artist_id limit $1 offset $2";
        let rows = database(ctx)?.query(text, &[&limit, &offset]).await?;
        Ok(rows.into_iter().map(Artist::from).collect())
    }

    async fn article(
        &self,
        ctx: &Context<'_>,
        r#where: Fixed,
        order_by: Fixed,
        limit: Option<i64>,
        offset: Option<i64>,
    ) -> Result<Vec<Article>> {
        let _ = (r#where, order_by);
        let text = "select id, title, slug, to_char(published_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"'), views, author_id from article \
            where status = 'published' order by published_at desc, id desc limit $1 offset $2";
        let rows = database(ctx)?.query(text, &[&limit, &offset]).await?;
        Ok(rows.into_iter().map(Article::from).collect())
    }
}

fn database<'a>(ctx: &Context<'a>) -> Result<&'a Database> {
    ctx.data::<Database>()
}

fn loader<'a>(ctx: &Context<'a>) -> Result<&'a DataLoader<Database>> {
    ctx.data::<DataLoader<Database>>()
}

fn first<T>(mut items: Vec<T>, limit: Option<usize>) -> Vec<T> {
    items.truncate(limit.unwrap_or(usize::MAX));
    items
}

#[derive(Clone)]
pub(crate) struct Artist {
    id: i32,
    name: Option<String>,
}

#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl Artist {
    async fn id(&self) -> i32 {
        self.id
    }

    async fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    async fn albums(&self, ctx: &Context<'_>, order_by: Fixed, limit: Option<usize>) -> Result<Vec<Album>> {
        let _ = order_by;
        let albums = loader(ctx)?.load_one(AlbumsOf(self.id)).await?.unwrap_or_default();
        Ok(first(albums, limit))
    }
}

#[derive(Clone)]
pub(crate) struct Album {
    id: i32,
    title: String,
    artist_id: i32,
}

#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl Album {
    async fn id(&self) -> i32 {
        self.id
    }

    async fn title(&self) -> &str {
        &self.title
    }

    async fn artist(&self, ctx: &Context<'_>) -> Result<Option<Artist>> {
        Ok(loader(ctx)?.load_one(ArtistBy(self.artist_id)).await?)
    }

    async fn tracks(&self, ctx: &Context<'_>, order_by: Fixed, limit: Option<usize>) -> Result<Vec<Track>> {
        let _ = order_by;
        let tracks = loader(ctx)?.load_one(TracksOf(self.id)).await?.unwrap_or_default();
        Ok(first(tracks, limit))
    }
}

#[derive(Clone)]
pub(crate) struct Track {
    id: i32,
    name: String,
    milliseconds: i32,
    unit_price: f64,
    composer: Option<String>,
    genre_id: Option<i32>,
}

#[Object(rename_fields = "snake_case")]
impl Track {
    async fn id(&self) -> i32 {
        self.id
    }

    async fn name(&self) -> &str {
        &self.name
    }

    async fn milliseconds(&self) -> i32 {
        self.milliseconds
    }

    async fn unit_price(&self) -> f64 {
        self.unit_price
    }

    async fn composer(&self) -> Option<&str> {
        self.composer.as_deref()
    }

    async fn genre(&self, ctx: &Context<'_>) -> Result<Option<Genre>> {
        match self.genre_id {
            Some(key) => Ok(loader(ctx)?.load_one(GenreBy(key)).await?),
            None => Ok(None),
        }
    }
}

#[derive(Clone, SimpleObject)]
pub(crate) struct Genre {
    id: i32,
    name: Option<String>,
}

pub(crate) struct Article {
    id: i32,
    title: String,
    slug: String,
    released_at: Option<String>,
    views: i32,
    author_id: i32,
}

#[Object(rename_fields = "snake_case", rename_args = "snake_case")]
impl Article {
    async fn id(&self) -> i32 {
        self.id
    }

    async fn title(&self) -> &str {
        &self.title
    }

    async fn slug(&self) -> &str {
        &self.slug
    }

    async fn released_at(&self) -> Option<&str> {
        self.released_at.as_deref()
    }

    async fn views(&self) -> i32 {
        self.views
    }

    async fn author(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        Ok(loader(ctx)?.load_one(AuthorBy(self.author_id)).await?)
    }

    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>> {
        Ok(loader(ctx)?.load_one(TagsOf(self.id)).await?.unwrap_or_default())
    }

    async fn comments(&self, ctx: &Context<'_>, order_by: Fixed, limit: Option<usize>) -> Result<Vec<Comment>> {
        let _ = order_by;
        let comments = loader(ctx)?.load_one(CommentsOf(self.id)).await?.unwrap_or_default();
        Ok(first(comments, limit))
    }
}

#[derive(Clone, SimpleObject)]
pub(crate) struct Author {
    name: String,
    country: String,
}

#[derive(Clone, SimpleObject)]
pub(crate) struct Tag {
    name: String,
}

#[derive(Clone)]
pub(crate) struct Comment {
    id: i32,
    body: String,
    likes: i32,
    author_id: i32,
}

#[Object(rename_fields = "snake_case")]
impl Comment {
    async fn id(&self) -> i32 {
        self.id
    }

    async fn body(&self) -> &str {
        &self.body
    }

    async fn likes(&self) -> i32 {
        self.likes
    }

    async fn author(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        Ok(loader(ctx)?.load_one(AuthorBy(self.author_id)).await?)
    }
}

/// Rows become values column by column, in the order of the statements.
macro_rules! from_row {
    ($($kind:ident { $($field:ident),* })*) => { $(
        impl From<Row> for $kind {
            fn from(row: Row) -> Self {
                let mut columns = 0..;
                Self { $($field: row.get(columns.next().unwrap_or_default())),* }
            }
        }
    )* };
}

from_row! {
    Artist { id, name }
    Album { id, title, artist_id }
    Track { id, name, milliseconds, unit_price, composer, genre_id }
    Genre { id, name }
    Article { id, title, slug, released_at, views, author_id }
    Author { name, country }
    Tag { name }
    Comment { id, body, likes, author_id }
}
