//! Every change of a model, on both databases: what stands in the database afterwards is what a new one would have, and the rows are where they belong.
#![allow(clippy::unwrap_used)]

mod database;
mod description;
mod migrating;
mod question;

use database::Place;
use description::describe;
use migrating::{bring, load, read, sources};
use question::rows;
use store::Error;

/// One migration: from a model with rows to another one.
struct Case {
    name: &'static str,
    before: &'static str,
    seed: &'static str,
    after: &'static str,
    /// What the refusal says before data loss is allowed; empty where nothing is lost.
    loses: &'static str,
    /// Questions and their answers afterwards.
    then: &'static [(&'static str, &'static str)],
}

/// Runs a case on both databases.
async fn check(case: &Case) {
    let folder = std::env::temp_dir().join(format!("dragoman-{}-seed-{}", case.name, std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (place, fresh) in
        Place::both(case.name).await.into_iter().zip(Place::both(&format!("{}_fresh", case.name)).await)
    {
        let store = place.open();
        bring(&store, case.before, false).await.unwrap();
        load(&store, case.before, &folder, case.seed).await;
        match bring(&store, case.after, false).await {
            Ok(()) => assert_eq!(case.loses, "", "{}: the loss was not told", case.name),
            Err(Error::Loss { losses }) => {
                assert_eq!(losses.join("; "), case.loses, "{}", case.name);
                bring(&store, case.after, true).await.unwrap();
            }
            Err(other) => panic!("{} on {:?}: {other:?}", case.name, store.database()),
        }
        let new = fresh.open();
        bring(&new, case.after, false).await.unwrap();
        assert_eq!(describe(&store).await, describe(&new).await, "{} on {:?}", case.name, store.database());
        for (question, answer) in case.then {
            assert_eq!(
                rows(&store, question).await.join(" "),
                *answer,
                "{}: {question} on {:?}",
                case.name,
                store.database()
            );
        }
        drop((store, new));
        place.remove().await;
        fresh.remove().await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
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
        bring(&store, MUSIC, false).await.unwrap();
        let made = describe(&store).await;
        assert!(made.iter().any(|line| line.contains("album_tags_link")), "{made:#?}");
        let model = read(MUSIC);
        assert!(store.migrate_plan(&model, &sources(MUSIC)).await.unwrap().is_empty());
        assert_eq!(
            store.ledger().await.unwrap().applied,
            Some([sources(MUSIC), vec![model::language(model::LANGUAGE)]].concat())
        );
        drop(store);
        place.remove().await;
    }
}

const ALBUM: &str = "type Album @model { title: String! year: Int }";
const ALBUMS: &str = r#"{ "type": "Album", "entries": [
    { "id": 1, "documentId": "a1", "data": { "title": "One", "year": 1991 } },
    { "id": 2, "documentId": "a2", "data": { "title": "Two" } } ] }"#;

#[tokio::test]
async fn fields_come_and_go() {
    for case in [
        Case {
            name: "add_field",
            before: ALBUM,
            seed: ALBUMS,
            after: "type Album @model { title: String! year: Int note: Text @index sold: BigInt }",
            loses: "",
            then: &[("select title, note from album order by _key", "One|- Two|-")],
        },
        Case {
            name: "add_required",
            before: ALBUM,
            seed: ALBUMS,
            after: r#"type Album @model { title: String! year: Int state: State! @default(value: open) price: Decimal! @default(value: 1.5) seen: DateTime @default(value: "2020-01-01T00:00:00Z") good: Boolean! @default(value: true) } enum State { open @raw(value: "o'pen") shut }"#,
            loses: "",
            then: &[("select state, price, year from album order by _key", "o'pen|1.5|1991 o'pen|1.5|-")],
        },
        Case {
            name: "drop_field",
            before: ALBUM,
            seed: ALBUMS,
            after: "type Album @model { title: String! }",
            loses: "1 value of Album.year",
            then: &[("select title from album order by _key", "One Two")],
        },
        Case {
            name: "rename_field",
            before: ALBUM,
            seed: ALBUMS,
            after: r#"type Record @model @renamedFrom(name: "Album") { name: String! @renamedFrom(name: "title") @unique year: Int }"#,
            loses: "",
            then: &[("select name, year, _document_id from record order by _key", "One|1991|a1 Two|-|a2")],
        },
        Case {
            name: "new_type",
            before: ALBUM,
            seed: ALBUMS,
            after: r#"type Album @model { title: String! year: Int artist: Artist @relation(inverse: "albums") } type Artist @model { name: String albums: [Album!] @relation(mappedBy: "artist") }"#,
            loses: "",
            then: &[("select title, artist_key from album order by _key", "One|- Two|-")],
        },
        Case {
            name: "new_job",
            before: ALBUM,
            seed: ALBUMS,
            after: r#"type Album @model { title: String! year: Int } type Count @job { count: Int @run(command: ["true"]) }"#,
            loses: "",
            then: &[("select count(*) from _run", "0")],
        },
        Case {
            name: "gone_job",
            before: r#"type Album @model { title: String! year: Int } type Count @job { count: Int @run(command: ["true"]) }"#,
            seed: ALBUMS,
            after: ALBUM,
            loses: "",
            then: &[("select title from album order by _key", "One Two")],
        },
        Case {
            name: "gone_type",
            before: "type Album @model { title: String! year: Int } type Song @model { name: String album: Album }",
            seed: r#"{ "type": "Song", "id": 1, "documentId": "s1", "data": { "name": "La" } }"#,
            after: ALBUM,
            loses: "1 document of Song",
            then: &[],
        },
    ] {
        check(&case).await;
    }
}

#[tokio::test]
async fn rules_tighten_and_loosen() {
    for case in [
        Case {
            name: "tighten",
            before: ALBUM,
            seed: ALBUMS,
            after: r#"type Album @model @unique(fields: ["title", "year"], nullsEqual: true) @index(fields: ["year:desc"]) { title: String! @unique @length(min: 2, max: 20) year: Int @range(min: 1900) }"#,
            loses: "",
            then: &[("select count(*) from album", "2")],
        },
        Case {
            name: "loosen",
            before: r#"type Album @model @unique(fields: ["title", "year"], nullsEqual: true) @index(fields: ["year:desc"]) { title: String! @unique @length(min: 2, max: 20) year: Int @range(min: 1900) }"#,
            seed: ALBUMS,
            after: "type Album @model { title: String year: Int }",
            loses: "",
            then: &[("select count(*) from album", "2")],
        },
    ] {
        check(&case).await;
    }
}

/// What stands in the way of a model is told, with the rows and the fix, and nothing is touched.
async fn refused(name: &str, after: &str, problem: &str) {
    let folder = std::env::temp_dir().join(format!("dragoman-{name}-seed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for place in Place::both(name).await {
        let store = place.open();
        bring(&store, ALBUM, false).await.unwrap();
        load(&store, ALBUM, &folder, ALBUMS).await;
        let before = describe(&store).await;
        let Err(Error::InTheWay { problems }) = bring(&store, after, true).await else { panic!("{name} is refused") };
        assert_eq!(problems.join("; "), problem);
        assert_eq!(describe(&store).await, before);
        drop(store);
        place.remove().await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn rows_in_the_way_are_named() {
    refused(
        "way_required",
        "type Album @model { title: String! year: Int! }",
        "Album.year is required and documents lack it: give them a value first, or give the field a @default (documents a2)",
    )
    .await;
    refused(
        "way_new",
        "type Album @model { title: String! year: Int label: String! }",
        "Album.label is required and documents lack it: give them a value first, or give the field a @default (documents a1, a2)",
    )
    .await;
    refused(
        "way_range",
        "type Album @model { title: String! year: Int @range(min: 2000) }",
        "Album.year holds numbers outside the new bounds of @range: change them first, or widen the bounds (documents a1)",
    )
    .await;
    refused(
        "way_unique",
        r#"type Album @model { title: String! year: Int label: String @unique @default(value: "x") }"#,
        "Album.label must be unique and documents share values: change them first (documents a1)",
    )
    .await;
    refused(
        "way_key",
        "type Album @model(key: UUID) { title: String! year: Int }",
        "Album: the kind of its keys cannot be changed; make a new content type and load its documents as a seed",
    )
    .await;
}

const LINKS: &str =
    "select a._document_id, l.target, l.position from album a join album_tags_link l on l.owner = a._key order by 1, 3";

const LINKED: &str = r#"{ "type": "Album", "entries": [
        { "id": 1, "documentId": "a1", "data": { "title": "One", "tags": ["t2", "t1"], "artist": "r1", "extras": [{ "__component": "shop.label", "name": "L", "home": "r1" }] } },
        { "id": 2, "documentId": "a2", "data": { "title": "Two", "tags": ["t1"] } } ] }
        { "type": "Tag", "entries": [{ "id": 1, "documentId": "t1", "data": { "word": "x" } }, { "id": 2, "documentId": "t2", "data": { "word": "y" } }] }
        { "type": "Artist", "id": 1, "documentId": "r1", "data": { "name": "Kiss", "best": "a2" } }"#;
const VERSIONS: &str = r#"{ "type": "Album", "entries": [
        { "id": 1, "documentId": "a1", "status": "draft", "data": { "title": "One!", "tags": ["t1"] } },
        { "id": 2, "documentId": "a1", "status": "published", "data": { "title": "One", "tags": ["t2", "t1"], "artist": "r1" } },
        { "id": 3, "documentId": "a2", "status": "draft", "data": { "title": "Two" } } ] }
        { "type": "Tag", "entries": [{ "id": 1, "documentId": "t1", "data": { "word": "x" } }, { "id": 2, "documentId": "t2", "data": { "word": "y" } }] }
        { "type": "Artist", "id": 1, "documentId": "r1", "data": { "name": "Kiss", "best": "a1" } }"#;
const PLAIN: &str = r#"type Album @model { title: String! @unique tags: [Tag!] @relation(inverse: "albums") artist: Artist @relation(inverse: "albums") extras: [Extra!] }
        type Tag @model { word: String! albums: [Album!] @relation(mappedBy: "tags") }
        type Artist @model { name: String! albums: [Album!] @relation(mappedBy: "artist") best: Album }
        type Label @component(category: "shop") { name: String home: Artist } union Extra @dynamicZone = Label"#;

/// The albums with these arguments of @model.
fn albums(arguments: &str) -> &'static str {
    PLAIN.replace("Album @model {", &format!("Album @model({arguments}) {{")).leak()
}

#[tokio::test]
async fn drafts_are_switched() {
    let drafts = albums("draftAndPublish: true");
    for case in [
        Case {
            name: "drafts_on",
            before: PLAIN,
            seed: LINKED,
            after: drafts,
            loses: "",
            then: &[
                (
                    "select _key, _status, title, artist_key from album order by 1, 2",
                    "1|0|One|1 1|1|One|1 2|0|Two|- 2|1|Two|-",
                ),
                ("select _status, count(*) from album where _published_at is null group by _status", "0|2"),
                (
                    "select a._document_id, a._status, l.target from album a join album_tags_link l on l.owner = a._row order by 1, 2, l.position",
                    "a1|0|2 a1|0|1 a1|1|2 a1|1|1 a2|0|1 a2|1|1",
                ),
                ("select target, target_status from artist_best_link order by 2", "2|0 2|1"),
                ("select count(*) from album_component_link c join album a on a._row = c._row", "2"),
                ("select _key, _document_id from album_document order by 1", "1|a1 2|a2"),
            ],
        },
        Case {
            name: "drafts_off",
            before: drafts,
            seed: VERSIONS,
            after: PLAIN,
            loses: "1 drafts that differ from what is published, or were never published, of Album",
            then: &[
                ("select _key, title, artist_key from album", "1|One|1"),
                ("select owner, target from album_tags_link order by position", "1|2 1|1"),
                ("select best_key from artist", "1"),
            ],
        },
    ] {
        check(&case).await;
    }
}

#[tokio::test]
async fn locales_are_switched() {
    let (locales, drafts) = (albums("localized: true"), albums("draftAndPublish: true"));
    let both = albums("draftAndPublish: true, localized: true");
    for case in [
        Case {
            name: "locales_on",
            before: PLAIN,
            seed: LINKED,
            after: locales,
            loses: "",
            then: &[("select _key, _locale, _status, title from album order by 1", "1|en|1|One 2|en|1|Two")],
        },
        Case {
            name: "drafts_on_with_locales",
            before: locales,
            seed: LINKED,
            after: both,
            loses: "",
            then: &[("select _key, _locale, _status from album order by 1, 3", "1|en|0 1|en|1 2|en|0 2|en|1")],
        },
        Case {
            name: "locales_off",
            before: both,
            seed: LINKED,
            after: drafts,
            loses: "",
            then: &[("select count(*) from album where _locale = ''", "4")],
        },
        Case {
            name: "all_off",
            before: both,
            seed: LINKED,
            after: PLAIN,
            loses: "",
            then: &[(LINKS, "a1|2|1 a1|1|2 a2|1|1")],
        },
    ] {
        check(&case).await;
    }
}

#[tokio::test]
async fn relations_change_their_form() {
    let seed = r#"{ "type": "Album", "entries": [
        { "id": 1, "documentId": "a1", "data": { "title": "One", "tags": ["t2", "t1"], "artist": "r1" } },
        { "id": 2, "documentId": "a2", "data": { "title": "Two", "tags": ["t1"], "artist": "r1" } } ] }
        { "type": "Tag", "entries": [{ "id": 1, "documentId": "t1", "data": { "word": "x" } }, { "id": 2, "documentId": "t2", "data": { "word": "y" } }] }
        { "type": "Artist", "id": 1, "documentId": "r1", "data": { "name": "Kiss" } }"#;
    let before = r#"type Album @model { title: String! tags: [Tag!] @relation(inverse: "albums") artist: Artist @relation(inverse: "albums") }
        type Tag @model { word: String! albums: [Album!] @relation(mappedBy: "tags") }
        type Artist @model { name: String! albums: [Album!] @relation(mappedBy: "artist") }"#;
    for case in [
        Case {
            name: "to_many",
            before,
            seed,
            after: r#"type Album @model { title: String! tags: [Tag!] @relation(inverse: "albums") artist: [Artist!] @relation(inverse: "albums") }
                type Tag @model { word: String! albums: [Album!] @relation(mappedBy: "tags") }
                type Artist @model { name: String! albums: [Album!] @relation(mappedBy: "artist") }"#,
            loses: "",
            then: &[("select owner, target, position from album_artist_link order by 1", "1|1|1 2|1|1")],
        },
        Case {
            name: "to_one",
            before,
            seed,
            after: r#"type Album @model { title: String! tags: Tag @relation(inverse: "albums") artist: Artist @relation(inverse: "albums") }
                type Tag @model { word: String! albums: [Album!] @relation(mappedBy: "tags") }
                type Artist @model { name: String! albums: [Album!] @relation(mappedBy: "artist") }"#,
            loses: "1 all but the first of the links of Album.tags",
            then: &[("select _key, tags_key from album order by 1", "1|2 2|1")],
        },
        Case {
            name: "swap",
            before,
            seed,
            after: r#"type Album @model { title: String! tags: [Tag!] @relation(mappedBy: "albums") artist: Artist @relation(inverse: "albums") }
                type Tag @model { word: String! albums: [Album!] @relation(inverse: "tags") }
                type Artist @model { name: String! albums: [Album!] @relation(mappedBy: "artist") }"#,
            loses: "",
            then: &[("select owner, target, target_position from tag_albums_link order by 1, 2", "1|1|2 1|2|1 2|1|1")],
        },
        Case {
            name: "to_union",
            before,
            seed,
            after: r#"type Album @model { title: String! tags: [Tag!] @relation(inverse: "albums") artist: Maker }
                type Tag @model { word: String! albums: [Album!] @relation(mappedBy: "tags") }
                type Band @model @renamedFrom(name: "Artist") { name: String! }
                union Maker = Band | Tag"#,
            loses: "",
            then: &[("select _key, artist_type, artist_key from album order by 1", "1|band|1 2|band|1")],
        },
    ] {
        check(&case).await;
    }
}

#[tokio::test]
async fn values_change_their_kind() {
    let seed = r#"{ "type": "Thing", "entries": [
        { "id": 1, "documentId": "x1", "data": { "count": 7, "text": "12", "at": "2024-05-06T07:08:09Z", "mood": "calm", "price": 2.5, "many": ["a", "b"], "flag": true } },
        { "id": 2, "documentId": "x2", "data": { "count": 3000000000, "text": "many", "mood": "wild", "price": 3, "many": [] } } ] }"#;
    let before = "type Thing @model { count: BigInt text: String at: DateTime mood: Mood price: Decimal many: [String!] flag: Boolean } enum Mood { calm wild }";
    for case in [
        Case {
            name: "widen",
            before,
            seed,
            after: "type Thing @model { count: Decimal text: Text at: String mood: String price: String many: JSON flag: String }",
            loses: "",
            then: &[(
                "select count, text, at, mood, price, flag from thing order by _key",
                "7|12|2024-05-06T07:08:09.000Z|calm|2.5|true 3000000000|many|-|wild|3|-",
            )],
        },
        Case {
            name: "narrow",
            before,
            seed,
            after: r#"type Thing @model { count: Int text: Int at: Date mood: Mood price: BigInt many: String flag: Boolean } enum Mood { calm @raw(value: "c") loud }"#,
            loses: "1 values wild of fields of the enum Mood; 1 value of Thing.count that are no Int; 1 value of Thing.text that are no Int; 1 value of Thing.price that are no BigInt; 1 value of Thing.many that are no String",
            then: &[(
                "select count, text, at, mood, price, many from thing order by _key",
                "7|12|2024-05-06|c|-|a -|-|-|-|3|-",
            )],
        },
        Case {
            name: "to_list",
            before,
            seed,
            after: "type Thing @model { count: [BigInt!] text: [String!] at: DateTime mood: [Mood!] price: Float many: [String!] flag: Boolean } enum Mood { calm wild }",
            loses: "",
            then: &[(
                "select replace(cast(text as text), ' ', ''), replace(cast(mood as text), ' ', '') from thing order by _key",
                r#"["12"]|["calm"] ["many"]|["wild"]"#,
            )],
        },
    ] {
        check(&case).await;
    }
}

#[tokio::test]
async fn components_change_inside() {
    let seed = r#"{ "type": "Page", "entries": [
        { "id": 1, "documentId": "p1", "data": { "intro": { "title": "T", "size": 5, "note": "n", "home": "p1", "inner": [{ "word": "w" }] },
          "parts": [{ "__component": "shop.block", "title": "B" }, { "__component": "shop.gap", "height": 2 }] } } ] }"#;
    let before = r#"type Page @model { intro: Block parts: [Part!] } union Part @dynamicZone = Block | Gap
        type Block @component(category: "shop") { title: String size: Int note: String home: Page inner: [Word!] }
        type Word @component(category: "shop") { word: String }
        type Gap @component(category: "shop") { height: Int }"#;
    for case in [
        Case {
            name: "members",
            before,
            seed,
            after: r#"type Page @model { intro: Box parts: [Part!] } union Part @dynamicZone = Box | Gap
                type Box @component(category: "shop") @renamedFrom(name: "Block") { heading: String @renamedFrom(name: "title") size: String start: Page @renamedFrom(name: "home") inner: Word }
                type Word @component(category: "shop") { word: String }
                type Gap @component(category: "shop") { height: Int }"#,
            loses: "1 value of Block.note",
            then: &[
                (
                    "select replace(cast(intro as text), ' ', '') like '%\"heading\":\"T\"%', replace(cast(intro as text), ' ', '') like '%\"size\":\"5\"%', cast(intro as text) like '%note%' from page",
                    TRUE_TRUE_FALSE,
                ),
                ("select component, field from page_component_link", "shop.box|start"),
                ("select component from component_sequence order by 1", "shop.box shop.gap shop.word"),
            ],
        },
        Case {
            name: "zone_and_lists",
            before,
            seed,
            after: r#"type Page @model { intro: [Block!] parts: [Part!] } union Part @dynamicZone = Block
                type Block @component(category: "shop") { title: String size: Int note: String home: Page inner: [Word!] }
                type Word @component(category: "shop") { word: String }
                type Gap @component(category: "shop") { height: Int }"#,
            loses: "1 elements Gap of Page.parts",
            then: &[(
                "select cast(intro as text) like '[%', cast(parts as text) like '%height%' from page",
                TRUE_FALSE,
            )],
        },
    ] {
        check(&case).await;
    }
}

const TRUE_TRUE_FALSE: &str = "1|1|0";
const TRUE_FALSE: &str = "1|0";

#[tokio::test]
async fn types_change_as_a_whole() {
    for case in [
        Case {
            name: "single_on",
            before: ALBUM,
            seed: ALBUMS,
            after: "type Album @model(single: true) { title: String! year: Int }",
            loses: "1 all but one of the documents of Album",
            then: &[("select _key, title from album", "1|One")],
        },
        Case {
            name: "single_off",
            before: "type Album @model(single: true) { title: String! year: Int }",
            seed: r#"{ "type": "Album", "id": 4, "data": { "title": "Four" } }"#,
            after: "type Album @model(history: 3) { title: String! year: Int }",
            loses: "",
            then: &[("select _key, title from album", "4|Four")],
        },
        Case {
            name: "keys_shared",
            before: "type Album @model { title: String! year: Int } type Song @model { name: String }",
            seed: ALBUMS,
            after: r#"type Album @model(keys: "work") { title: String! year: Int } type Song @model(keys: "work") { name: String }"#,
            loses: "",
            then: &[("select name, next from key_sequence", "work|3")],
        },
        Case {
            name: "keys_own",
            before: r#"type Album @model(keys: "work") { title: String! year: Int } type Song @model(keys: "work") { name: String }"#,
            seed: ALBUMS,
            after: "type Album @model { title: String! year: Int } type Song @model { name: String }",
            loses: "",
            then: &[("select count(*) from key_sequence", "0")],
        },
    ] {
        check(&case).await;
    }
}

#[tokio::test]
async fn locales_of_fields_are_switched() {
    let seed = r#"{ "type": "Page", "entries": [
        { "id": 1, "documentId": "p1", "locale": "en", "data": { "title": "Hello", "rank": 1 } },
        { "id": 2, "documentId": "p1", "locale": "fr", "data": { "title": "Bonjour", "rank": 1 } },
        { "id": 3, "documentId": "p2", "locale": "fr", "data": { "title": "Seul", "rank": 2 } } ] }"#;
    for case in [
        Case {
            name: "field_shared",
            before: "type Page @model(localized: true) { title: String @localized rank: Int }",
            seed,
            after: "type Page @model(localized: true) { title: String rank: Int @localized }",
            loses: "1 values in other than the default locale of Page.title",
            then: &[("select _key, _locale, title from page order by 1, 2", "1|en|Hello 1|fr|Hello 3|fr|Seul")],
        },
        Case {
            name: "locales_gone",
            before: "type Page @model(localized: true) { title: String @localized rank: Int }",
            seed,
            after: "type Page @model { title: String rank: Int }",
            loses: "2 versions in other than the default locale of Page",
            then: &[("select _key, title from page", "1|Hello")],
        },
    ] {
        check(&case).await;
    }
}

#[tokio::test]
async fn relations_point_elsewhere() {
    let seed = r#"{ "type": "Human", "id": 1, "documentId": "h1", "data": { "name": "Ann" } } { "type": "Droid", "id": 2, "documentId": "d1", "data": { "name": "R2" } }
        { "type": "Ship", "id": 1, "documentId": "s1", "data": { "pilot": { "type": "Droid", "documentId": "d1" },
          "crew": [{ "type": "Human", "documentId": "h1" }, { "type": "Droid", "documentId": "d1" }] } }"#;
    let before = "type Human @model { name: String } type Droid @model { name: String } union Being = Human | Droid
        type Ship @model { pilot: Being crew: [Being!] }";
    for case in [
        Case {
            name: "fewer_targets",
            before,
            seed,
            after: "type Human @model { name: String } type Droid @model { name: String } type Ship @model { pilot: Human crew: [Human!] }",
            loses: "1 link of Ship.pilot to Droid; 1 link of Ship.crew to Droid",
            then: &[("select pilot_key from ship", "-"), ("select owner, target from ship_crew_link", "1|1")],
        },
        Case {
            name: "renamed_targets",
            before,
            seed,
            after: r#"type Person @model @renamedFrom(name: "Human") { name: String } type Droid @model { name: String } union Being = Person | Droid
                type Ship @model { pilot: Being crew: [Being!] }"#,
            loses: "",
            then: &[
                ("select pilot_type, pilot_key from ship", "droid|2"),
                ("select target_type, target from ship_crew_link order by position", "person|1 droid|2"),
            ],
        },
        Case {
            name: "other_side",
            before: "type Human @model { name: String droid: Droid } type Droid @model { name: String }",
            seed: r#"{ "type": "Droid", "documentId": "d1", "data": {} } { "type": "Human", "data": { "droid": "d1" } }"#,
            after: r#"type Human @model { name: String droid: Droid @relation(inverse: "humans") } type Droid @model { name: String humans: [Human!] @relation(mappedBy: "droid") }"#,
            loses: "",
            then: &[("select count(droid_key) from human", "1")],
        },
    ] {
        check(&case).await;
    }
}

#[tokio::test]
async fn words_and_members_come_and_go() {
    let seed = r#"{ "type": "Page", "entries": [{ "id": 1, "documentId": "p1", "data": { "mood": "calm", "moods": ["calm", "wild"], "parts": [{ "__component": "shop.gap", "mood": "wild" }] } }] }"#;
    let before = r#"type Page @model { mood: Mood moods: [Mood!] parts: [Part!] } enum Mood { calm wild } union Part @dynamicZone = Gap type Gap @component(category: "shop") { mood: Mood }"#;
    for case in [Case {
        name: "words",
        before,
        seed,
        after: r#"type Page @model { mood: Mood moods: [Mood!] parts: [Part!] } enum Mood { quiet @renamedFrom(name: "calm") wild @raw(value: "WILD") new } union Part @dynamicZone = Gap | Line
                type Gap @component(category: "shop") { mood: Mood size: Int } type Line @component(category: "shop") { text: String }"#,
        loses: "",
        then: &[
            ("select mood, replace(cast(moods as text), ' ', '') from page", r#"quiet|["quiet","WILD"]"#),
            ("select cast(parts as text) like '%WILD%' from page", "1"),
            ("select component from component_sequence order by 1", "shop.gap shop.line"),
        ],
    }] {
        check(&case).await;
    }
}
