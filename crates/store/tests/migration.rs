//! Every change of a model, on both databases: what stands in the database afterwards is what a new one would have, and the rows are where they belong.
#![allow(clippy::unwrap_used)]

mod database;
mod description;
mod question;

use database::Place;
use description::describe;
use model::Source;
use store::{MigrateOptions, Store};

fn sources(text: &str) -> Vec<Source> {
    vec![Source { name: "schema/model.graphql".to_owned(), text: text.to_owned() }]
}

async fn bring(store: &Store, text: &str) -> Result<(), store::Error> {
    let model = model::read(sources(text)).unwrap();
    let plan = store.migrate_plan(&model, &sources(text)).await?;
    store.migrate_apply(&plan, MigrateOptions::default(), |_| ()).await
}

const MUSIC: &str = r#"
type Album @model(draftAndPublish: true) @unique(fields: ["title", "year"], nullsEqual: true) {
  title: String! @length(min: 1, max: 200) @index
  year: Int @range(min: 1900, max: 2100)
  price: Decimal! @range(min: "0.01")
  mood: Mood
  artist: Artist @relation(inverse: "albums")
  tags: [Tag!] @relation(inverse: "albums")
  label: Label
  extras: [Extra!]
}
enum Mood { calm wild @raw(value: "wi'ld") }
type Artist @model { name: String! @unique albums: [Album!] @relation(mappedBy: "artist") favourite: Album }
type Tag @model(key: UUID) { word: String! albums: [Album!] @relation(mappedBy: "tags") }
type Label @component(category: "shop") { name: String! artist: Artist }
union Extra @dynamicZone = Label
"#;

#[tokio::test]
async fn a_database_is_made_from_nothing_and_only_once() {
    for place in Place::both("nothing").await {
        let store = place.open();
        bring(&store, MUSIC).await.unwrap();
        let made = describe(&store).await;
        assert!(made.iter().any(|line| line.contains("album_tags_link")), "{made:#?}");
        let model = model::read(sources(MUSIC)).unwrap();
        assert!(store.migrate_plan(&model, &sources(MUSIC)).await.unwrap().is_empty());
        assert_eq!(store.ledger().await.unwrap().applied, Some(sources(MUSIC)));
        drop(store);
        place.remove().await;
    }
}
