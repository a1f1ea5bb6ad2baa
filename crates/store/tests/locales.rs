//! The project's locales: which rows there are of them, and what may be written, on both databases.
#![allow(clippy::unwrap_used)]

mod database;
mod question;
mod writing;

use std::sync::Arc;

use database::Place;
use question::rows;
use store::{Served, Store};
use writing::Script;

const SCHEMA: &str = "type Note @model(localized: true) { title: String @localized }";

/// Opens the database as a project with these locales does, and brings its rows in step.
async fn start(place: &Place, locales: &[&str]) -> (Script, Vec<String>) {
    let script = Script::begin(open(place, locales), SCHEMA).await;
    let store = open(place, locales);
    let model =
        model::read(vec![model::Source { name: "schema.graphql".to_owned(), text: SCHEMA.to_owned() }]).unwrap();
    let served = Served::new(Arc::new(model)).unwrap();
    store.locales_keep(&served).await.unwrap();
    let there = rows(&place.open(), "select code, name from i18n_locale order by _key").await;
    (script, there)
}

fn open(place: &Place, locales: &[&str]) -> Store {
    place.open_in(|config| config.locales = locales.iter().map(|code| (*code).to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_projects_locales_are_content() {
    for place in Place::both("locales_keep").await {
        assert_eq!(start(&place, &[]).await.1, ["en|English (en)"]);
        assert_eq!(start(&place, &["en", "fr"]).await.1, ["en|English (en)", "fr|French (fr)"]);
        assert_eq!(start(&place, &["fr", "pt-BR"]).await.1, ["fr|French (fr)", "pt-BR|Portuguese (pt-BR)"]);
        // Rows that are there stay where the setting says nothing.
        assert_eq!(start(&place, &[]).await.1, ["fr|French (fr)", "pt-BR|Portuguese (pt-BR)"]);
        place.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_the_database_is_told() {
    for place in Place::both("locales_fault").await {
        drop(start(&place, &["en"]).await);
        database::execute(&place.open(), "drop table i18n_locale").await;
        let store = open(&place, &["en", "fr"]);
        let sources = vec![model::Source { name: "schema.graphql".to_owned(), text: SCHEMA.to_owned() }];
        let served = Served::new(Arc::new(model::read(sources).unwrap())).unwrap();
        let outcome = store.locales_keep(&served).await;
        assert!(matches!(outcome, Err(store::Error::LocalesNotKept { .. })), "{outcome:?}");
        drop(store);
        place.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_in_a_locale_that_the_project_does_not_have() {
    for place in Place::both("locales_other").await {
        let mut script = start(&place, &["en", "fr"]).await.0;
        script.step("a: create Note {\"title\": \"one\"}").await;
        script.step("update locale fr Note @a {\"title\": \"un\"}").await;
        let refused = script.step("update locale de Note @a {\"title\": \"eins\"}").await;
        assert!(refused.contains("LocaleUnknown(\"de\")"), "{refused}");
        assert!(script.step("create locale de Note {\"title\": \"zwei\"}").await.contains("LocaleUnknown(\"de\")"));
        drop(script);
        // A locale that is taken off the list can still be read and removed.
        let mut script = start(&place, &["en"]).await.0;
        assert!(script.step("read locale fr Note").await.contains("un"));
        drop(script);
        place.remove().await;
    }
}
