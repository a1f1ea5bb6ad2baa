//! The recorded exchanges of Strapi 4, replayed at `/v4/graphql` on both databases. What is answered otherwise stands in `docs/dialects/strapi4.md`.

use acceptance::project::Database;
use acceptance::replay::Replay;

const REPLAY: Replay = Replay { dialect: "strapi4", path: "/v4/graphql", locales: &["en", "fr"] };

#[test]
fn sqlite_answers_as_strapi_does() {
    REPLAY.run(Database::Sqlite);
}

#[test]
fn postgres_answers_as_strapi_does() {
    REPLAY.run(Database::Postgres);
}
