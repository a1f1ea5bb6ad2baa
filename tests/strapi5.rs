//! The recorded exchanges of Strapi 5, replayed at `/graphql` on both databases. What is answered otherwise stands in `docs/dialects/strapi5.md`.

use acceptance::project::Database;
use acceptance::replay::Replay;

const REPLAY: Replay = Replay { dialect: "strapi5", path: "/graphql", locales: &[] };

#[test]
fn sqlite_answers_as_strapi_does() {
    REPLAY.run(Database::Sqlite);
}

#[test]
fn postgres_answers_as_strapi_does() {
    REPLAY.run(Database::Postgres);
}
