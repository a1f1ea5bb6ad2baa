//! Seeds on both databases: the projects of this repository load whole, and a seed with faults tells all of them and leaves nothing.
#![allow(clippy::unwrap_used)]

mod database;
mod description;
mod question;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use database::Place;
use description::describe;
use model::{Model, Source};
use question::rows;
use sql::Layout;
use store::{Error, MigrateOptions, SeedFile, SeedJob, SeedOptions, SeedReport, Store};

/// Schema texts and seed files of a project folder.
struct Project {
    sources: Vec<Source>,
    files: Vec<SeedFile>,
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn project(path: &str) -> Project {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    Project {
        sources: files_in(&folder.join("schema"))
            .into_iter()
            .map(|path| Source { name: name(&path), text: std::fs::read_to_string(&path).unwrap() })
            .collect(),
        files: files_in(&folder.join("seed")).into_iter().map(|path| SeedFile { name: name(&path), path }).collect(),
    }
}

fn read(sources: &[Source]) -> Model {
    model::read(sources.to_vec()).unwrap_or_else(|faults| panic!("{:#?}", faults.list))
}

async fn seed(store: &Store, project: &Project) -> Result<SeedReport, Error> {
    let model = read(&project.sources);
    let plan = store.migrate_plan(&model, &project.sources).await.unwrap();
    store.migrate_apply(&plan, MigrateOptions::default(), |_| ()).await.unwrap();
    let layout = Layout::of(&model).unwrap();
    let options = SeedOptions { now: 1_700_000_000_000_000, default_locale: "en".to_owned() };
    let job = SeedJob {
        model: Arc::new(model),
        layout: Arc::new(layout),
        files: project.files.clone(),
        options,
        hash_password: Arc::new(|text| Ok(["hash of ", text].concat())),
        progress: Arc::new(|_| ()),
    };
    store.seed(job).await
}

/// Loads a project on both databases and asks questions that must have these answers.
async fn check(test: &str, path: &str, questions: &[(&str, &str)]) {
    let project = project(path);
    for place in Place::both(test).await {
        let store = place.open();
        let report = seed(&store, &project).await.unwrap();
        assert_eq!(report.loaded.len(), project.files.len());
        for (question, answer) in questions {
            assert_eq!(rows(&store, question).await.join(" "), *answer, "{question} {:?}", store.database());
        }
        let again = seed(&store, &project).await.unwrap();
        assert_eq!(again, SeedReport::default());
        drop(store);
        place.remove().await;
    }
}

#[tokio::test]
async fn the_music_shop() {
    check(
        "chinook",
        "examples/chinook",
        &[
            ("select count(*), sum(milliseconds) from track", "3503|1378778040"),
            ("select count(*) from playlist_tracks_link", "8715"),
            ("select count(*) from invoice_line", "2240"),
            (
                "select _document_id, title, artist_key from album where _key = 37",
                "000000000000000000000011|Greatest Kiss|52",
            ),
            ("select last_name, reports_to_key from employee where _key in (1, 2) order by _key", "Adams|- Edwards|1"),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_bistro() {
    check(
        "bistro",
        "examples/bistro",
        &[
            ("select _status, count(*) from restaurant group by _status order by 1", "0|5 1|4"),
            ("select count(*) from restaurant_categories_link", "13"),
            ("select next from component_sequence where component = 'shared.quote'", "3"),
        ],
    )
    .await;
}

#[tokio::test]
async fn drafts_locales_components_and_media() {
    check(
        "strapi",
        "tests/conformance/strapi5/project",
        &[
            ("select count(*) from restaurant", "26"),
            ("select count(*) from restaurant_document", "14"),
            ("select _status, count(*) from restaurant group by _status order by 1", "0|14 1|12"),
            ("select _locale, count(*) from article group by _locale order by 1", "en|5 fr|5"),
            ("select next from component_sequence where component = 'shared.seo'", "9"),
            ("select count(*) from restaurant_component_link where field = 'photo'", "2"),
            ("select password from \"user\" where _key = 1", "hash of Password-alice-1"),
        ],
    )
    .await;
}

#[tokio::test]
async fn keys_that_are_uuids() {
    check(
        "uuids",
        "tests/conformance/hasura/project",
        &[
            ("select count(*) from flow_run_state", "60"),
            ("select count(*) from task_run where flow_run_key is not null", "60"),
            ("select _key from tenant", "11111111-1111-4111-8111-111111111111"),
        ],
    )
    .await;
}

const PEOPLE: &str = r#"
type Person @model(keys: "being") { name: String! @length(max: 5) @unique friends: [Person!] @relation(inverse: "friendOf") friendOf: [Person!] @relation(mappedBy: "friends") born: Date life: Text }
type Robot @model(keys: "being") { model: String! @unique owner: Person! age: Int @range(min: 0) }
"#;

/// Loads one text as a seed file.
async fn load(store: &Store, folder: &Path, file: &str, text: &str) -> Result<SeedReport, Error> {
    std::fs::write(folder.join(file), text).unwrap();
    let sources = vec![Source { name: "schema/people.graphql".to_owned(), text: PEOPLE.to_owned() }];
    let files = vec![SeedFile { name: file.to_owned(), path: folder.join(file) }];
    seed(store, &Project { sources, files }).await
}

#[tokio::test]
async fn a_seed_with_faults_tells_all_and_leaves_nothing() {
    let folder = std::env::temp_dir().join(format!("dragoman-seed-faults-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for place in Place::both("faults").await {
        let store = place.open();
        let wrong = r#"{ "type": "Person", "entries": [
            { "id": 1, "data": { "name": "too long a name", "friends": ["nobody"], "born": "yesterday" } },
            { "id": 1, "data": { "name": "Ann", "nickname": "A", "friendOf": ["000000000000000000000001"] } } ] }
            { "type": "Robot", "data": { "age": -1 }, "colour": "red" }
            { "type": "Robot", "data": { "age": -1 } }
            { "type": "Robot", "data": { "age": "7", "model": 7, "owner": "000000000000000000000001" } }
            { "type": "Robot", "data": { "model": "R2", "owner": "000000000000000000000001" } }
            { "type": "Robot", "data": { "model": "R2", "owner": "000000000000000000000001" } }
            { "type": "Ghost", "data": {} }"#;
        let Err(Error::Seed { faults, count }) = load(&store, &folder, "wrong.json", wrong).await else {
            panic!("it is wrong")
        };
        insta::assert_snapshot!("faults", format!("{count} faults\n{}", faults.join("\n")));
        for table in ["person", "robot"] {
            assert_eq!(rows(&store, &format!("select count(*) from {table}")).await, ["0"]);
        }
        let broken = load(
            &store,
            &folder,
            "broken.json",
            "{ \"type\": \"Person\", \"entries\": [ { \"data\": { \"name\": 1 } }, ] }",
        )
        .await;
        assert!(matches!(broken, Err(Error::SeedUnreadable { .. })));
        assert!(store.ledger().await.unwrap().seeds.is_empty());
        drop(store);
        place.remove().await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_second_file_links_what_the_first_has_loaded() {
    let folder = std::env::temp_dir().join(format!("dragoman-seed-second-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for place in Place::both("second").await {
        let store = place.open();
        let first = r#"{ "type": "Person", "id": 7, "documentId": "ann", "data": { "name": "Ann", "friends": ["bob"] } }
            { "type": "Person", "documentId": "bob", "data": { "name": "Bob" } }
            { "type": "Person", "data": { "name": "Cleo", "friends": ["bob", "ann", "bob"] } }"#;
        assert_eq!(load(&store, &folder, "a.json", first).await.unwrap().entries, 3);
        load(&store, &folder, "b.json", r#"{ "type": "Robot", "data": { "model": "R2", "owner": "ann" } }"#)
            .await
            .unwrap();
        assert_eq!(rows(&store, "select _key, name from person order by _key").await, ["7|Ann", "8|Bob", "9|Cleo"]);
        assert_eq!(
            rows(&store, "select owner, target, position from person_friends_link order by 1, 3").await,
            ["7|8|1", "9|8|1", "9|7|2"]
        );
        assert_eq!(rows(&store, "select _key, owner_key from robot").await, ["10|7"]);
        assert_eq!(rows(&store, "select name, next from key_sequence").await, ["being|11"]);
        let changed = load(&store, &folder, "a.json", "{}").await.unwrap();
        assert_eq!(changed.changed, ["a.json"]);
        let clash =
            load(&store, &folder, "c.json", r#"{ "type": "Person", "documentId": "ann", "data": { "name": "Ann2" } }"#)
                .await;
        assert!(matches!(clash, Err(Error::Seed { count: 1, .. })), "{clash:?}");
        let taken = load(&store, &folder, "d.json", r#"{ "type": "Person", "data": { "name": "Ann" } }"#).await;
        let Err(Error::Seed { faults, .. }) = taken else { panic!("{taken:?}") };
        assert_eq!(faults, ["a document of the database has a value of the seed: name: another document has it"]);
        drop(store);
        place.remove().await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_draft_may_lack_what_is_required_and_a_zone_names_its_components() {
    let folder = std::env::temp_dir().join(format!("dragoman-seed-zone-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let schema = r#"type Page @model(draftAndPublish: true) { title: String! parts: [Part!] }
        union Part @dynamicZone = Quote | Note
        type Quote @component(category: "shared") { text: String }
        type Note @component(category: "shared", name: "remark") { words: String }"#;
    let entries = r#"{ "type": "Page", "status": "draft", "data": { "parts": [
        { "__typename": "Note", "words": "a" }, { "__component": "shared.remark", "words": "b" }, { "__component": "shared.quote", "text": "c" } ] } }"#;
    let wrong = entries
        .replace("\"__typename\": \"Note\"", "\"__typename\": \"Nothing\"")
        .replace("\"status\": \"draft\", ", "");
    let sources = vec![Source { name: "schema/pages.graphql".to_owned(), text: schema.to_owned() }];
    for place in Place::both("zone").await {
        let store = place.open();
        for (file, text) in [("good.json", entries), ("wrong.json", &wrong)] {
            std::fs::write(folder.join(file), text).unwrap();
            let files = vec![SeedFile { name: file.to_owned(), path: folder.join(file) }];
            let loaded = seed(&store, &Project { sources: sources.clone(), files }).await;
            if file == "good.json" {
                assert_eq!(loaded.unwrap().entries, 1);
                continue;
            }
            let Err(Error::Seed { faults, .. }) = loaded else { panic!("it is wrong") };
            let told = faults.join("\n");
            assert!(
                told.contains("parts.0: neither `__component` nor `__typename` names")
                    && told.contains("title: it is required"),
                "{told}"
            );
        }
        let kept = rows(&store, "select _status, title, parts from page").await;
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert!(kept[0].starts_with("0|-|") && kept[0].matches("shared.remark").count() == 2, "{kept:?}");
        drop(store);
        place.remove().await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Two robots with one owner, and one text that makes the file large.
fn large(model: &str) -> String {
    let text = "x".repeat(1 << 20);
    let robots = format!(
        r#"{{ "type": "Robot", "data": {{ "model": "{model}", "owner": "ann" }} }} {{ "type": "Robot", "data": {{ "model": "R2", "owner": "ann" }} }}"#
    );
    format!(r#"{{ "type": "Person", "documentId": "ann", "data": {{ "name": "Ann", "life": "{text}" }} }} {robots}"#)
}

#[tokio::test]
async fn a_large_seed_leaves_the_same_tables() {
    let folder = std::env::temp_dir().join(format!("dragoman-seed-large-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for place in Place::both("large").await {
        let store = place.open();
        load(&store, &folder, "empty.json", "").await.unwrap();
        let made = describe(&store).await;
        let twice = load(&store, &folder, "twice.json", &large("R2")).await;
        assert!(
            matches!(&twice, Err(Error::Seed { count: 1, faults }) if faults[0].contains("entry 3 of Robot: model: an entry before it")),
            "{twice:?}"
        );
        assert_eq!(describe(&store).await, made);
        assert_eq!(load(&store, &folder, "large.json", &large("C3")).await.unwrap().entries, 3);
        assert_eq!(describe(&store).await, made);
        assert_eq!(rows(&store, "select model, owner_key from robot order by model").await, ["C3|1", "R2|1"]);
        drop(store);
        place.remove().await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
