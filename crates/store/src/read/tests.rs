//! The same rows, the same programs, the same bytes on both databases.

mod again;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use model::{ComponentId, TypeId};
use plan::{Cause, Form, HoleId, Page, Place, Refusal, Segment, Value, Values};
use sql::{
    ArmProgram, ColumnKind, ComponentProgram, ComponentSource, CountProgram, Database, EntryProgram, Lead,
    LinkedProgram, Node, NodeShape, ObjectProgram, Param, Parent, PartProgram, PartProgramEntry, RowProgram, Statement,
    SwitchArmProgram, SwitchProgram, SwitchShapeProgram, ValueProgram,
};

use super::adviser::Adviser;
use super::prepared::{PreparedRoot, PreparedValue};
use super::{Answer, PreparedRead};
use crate::database::{self, execute};
use crate::{Driver, Store, StoreLimits};

const TABLES_SQLITE: &str = "
create table artist (_key integer primary key, name text not null, born text, tags text, parts text) strict;
create table album (_key integer primary key, artist_key integer, title text, price text, rating real, length text, gone integer, uid text,
  opens text, stock integer, at integer) strict;
create table liked (_row integer, target_type text, target integer, position integer) strict;
create table component_link (_row integer, element integer, target integer, position integer) strict;
";

const TABLES_POSTGRES: &str = r#"
create table artist (_key bigint primary key, name text collate "C" not null, born date, tags jsonb, parts jsonb);
create table album (_key bigint primary key, artist_key bigint, title text collate "C", price numeric, rating double precision, length interval,
  gone boolean, uid uuid, opens time, stock smallint, at timestamptz);
create table liked (_row bigint, target_type text, target bigint, position bigint);
create table component_link (_row bigint, element bigint, target bigint, position bigint);
"#;

/// Instants are set behind them, because the two databases keep them differently.
const ROWS: &str = r#"
insert into artist values
  (1, 'AC/DC', '1973-11-01', '["rock", {"a": 1}]', '[{"id": 5, "label": "on \"tour\"", "at": 1546520405123456, "price": "1.50", "on": true,
      "count": 7, "open": "15:04:05.500", "any": {"k": [1, 2]}, "word": "raw", "notes": [{"id": 9, "text": "n", "__component": "default.note"}],
      "best": {"id": 10, "text": "b", "__component": "default.note"}, "__component": "default.period"},
    {"id": 6, "text": "zwölf", "__component": "default.note"}]'),
  (2, 'Żółw 🐢', null, null, '[]'),
  (3, 'Nobody', '0800-01-02', 'null', null);
insert into album values
  (10, 1, 'High "Voltage"', '9.90', 4.5, '1 mon 3 days 02:00:00', '1', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '15:04:05.500', 3),
  (11, 1, 'Back in Black', '12345678901234.00000001', 1e21, '00:00:01.5', '0', null, null, null),
  (12, 2, null, '0', null, null, null, null, '00:00:00.000', -1);
insert into liked values (1, 'album', 12, 0), (1, 'artist', 2, 1), (1, 'gone', 1, 2), (1, 'album', 10, 3), (2, 'artist', 99, 0), (2, 'artist', 3, 1);
insert into component_link values (1, 6, 11, 0), (1, 5, 12, 1), (1, 5, 10, 2);
"#;

const INSTANTS_SQLITE: &str = "
update album set at = 1546520405123456 where _key = 10;
update album set at = -500000 where _key = 11;
";

const INSTANTS_POSTGRES: &str = "
update album set at = '2019-01-03 13:00:05.123456+00' where _key = 10;
update album set at = '1969-12-31 23:59:59.5+00' where _key = 11;
";

fn setup(database: Database) -> String {
    let rows = ROWS.replace(
        "insert into album values",
        "insert into album (_key, artist_key, title, price, rating, length, gone, uid, opens, stock) values",
    );
    match database {
        Database::Sqlite => [TABLES_SQLITE, &rows, INSTANTS_SQLITE].concat(),
        Database::Postgres => [TABLES_POSTGRES, &rows, INSTANTS_POSTGRES].concat(),
    }
}

/// Programs are written once: `{keys}` compares with the keys of the rows above, `{1}` is the first parameter.
struct Make(Database);

impl Make {
    fn statement(&self, text: &str, params: Vec<Param>, columns: &[ColumnKind]) -> Statement {
        let (keys, sign) = match self.0 {
            Database::Sqlite => ("= ?1", "?"),
            Database::Postgres => ("= any($1::bigint[])", "$"),
        };
        let mut sql = text.replace("{keys}", keys);
        for number in ["1", "2"] {
            sql = sql.replace(&["{", number, "}"].concat(), &[sign, number].concat());
        }
        Statement { sql, params, columns: columns.to_vec(), slot: 0 }
    }

    fn node(&self, text: &str, params: Vec<Param>, columns: &[ColumnKind], shape: NodeShape) -> Node {
        Node {
            rows: Some(self.statement(text, params, columns)),
            parent: Parent::None,
            counts: None,
            page_counts: None,
            page: Page::All,
            shape,
        }
    }
}

fn entry(key: &str, value: ValueProgram) -> EntryProgram {
    EntryProgram { lead: Lead::new(key, false), key: key.to_owned(), non_null: false, name: format!("T.{key}"), value }
}

fn part(key: &str, value: PartProgram) -> PartProgramEntry {
    PartProgramEntry {
        key_json: format!("\"{key}\":"),
        key: key.to_owned(),
        non_null: false,
        name: format!("T.{key}"),
        value,
    }
}

fn required(entry: EntryProgram) -> EntryProgram {
    EntryProgram { non_null: true, ..entry }
}

fn column(index: u16, kind: ColumnKind, form: Form) -> ValueProgram {
    ValueProgram::Column { index, kind, form, words: Vec::new() }
}

fn member(name: &str, kind: ColumnKind, form: Form) -> ValueProgram {
    ValueProgram::Member { name: name.to_owned(), kind, form, words: Vec::new() }
}

fn row(entries: Vec<EntryProgram>) -> RowProgram {
    RowProgram { non_null: false, object: object(entries) }
}

fn object(mut entries: Vec<EntryProgram>) -> ObjectProgram {
    if let Some(first) = entries.first_mut() {
        first.lead = Lead::new(&first.key, true);
    }
    ObjectProgram { entries }
}

fn by_key(above: u16, here: u16) -> Parent {
    Parent::Key { above, here, locale_above: None, locale_here: None, kind: ColumnKind::Int }
}

fn prepared(roots: Vec<(&str, PreparedValue)>) -> PreparedRead {
    let root = |(key, value): (&str, PreparedValue)| PreparedRoot {
        key: key.to_owned(),
        key_json: format!("\"{key}\":"),
        non_null: false,
        name: format!("Query.{key}"),
        place: Place { line: 1, column: 3 },
        value,
    };
    let roots = roots.into_iter().map(root).collect();
    let (default_locale, adviser) = ("en".to_owned(), Adviser::new(vec![]));
    let read = PreparedRead { roots, rows_max: 3, default_locale, statements: 0, is_look_up: false, adviser };
    read.numbered()
}

fn select(node: Node) -> PreparedValue {
    PreparedValue::Select(Box::new(node))
}

/// Runs one program on both databases and compares both answers with what must come out; faults stand behind the data, one a line.
async fn check(
    test: &str,
    program: impl Fn(&Make) -> Vec<(&'static str, PreparedValue)>,
    values: Vec<Value>,
    wanted: &str,
) {
    check_within(test, program, values, |_| {}, wanted).await;
}

async fn check_within(
    test: &str,
    program: impl Fn(&Make) -> Vec<(&'static str, PreparedValue)>,
    values: Vec<Value>,
    limits: fn(&mut StoreLimits),
    wanted: &str,
) {
    for place in database::Place::both(test).await {
        let store = place.open_with(limits);
        execute(&store, &setup(store.database())).await;
        let prepared = Arc::new(prepared(program(&Make(store.database()))));
        // Twice: the second time every statement is prepared already.
        for _ in 0..2 {
            let answer = store.read(&prepared, Values(values.clone()), b"{\"data\":".to_vec()).await;
            assert_eq!(shown(&answer), wanted, "{:?}", store.database());
        }
        assert_idle(&store).await;
        drop(store);
        place.remove().await;
    }
}

/// Nothing runs on the server any more, nor is a transaction open on it. What was stopped ends soon, not at once: it is asked for again.
async fn assert_idle(store: &Store) {
    let Driver::Postgres(postgres) = store.driver() else { return };
    let loan = postgres.loan().await.unwrap();
    let busy = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'";
    for _ in 0..10_000 {
        let count: i64 = loan.client().query_one(busy, &[]).await.unwrap().get(0);
        if count == 0 {
            return;
        }
    }
    panic!("a statement still runs");
}

fn shown(answer: &Answer) -> String {
    let mut text = String::from_utf8(answer.bytes.clone()).unwrap();
    let data = text.split_off("{\"data\":".len());
    let parsed: serde_json::Value = serde_json::from_str(&data).expect("what is written is JSON");
    assert_eq!(parsed.is_null(), answer.is_null);
    let mut text = data;
    for fault in &answer.faults {
        let path: Vec<String> = fault
            .path
            .iter()
            .map(|segment| match segment {
                Segment::Key(key) => key.clone(),
                Segment::Index(index) => index.to_string(),
            })
            .collect();
        write!(text, "\n{}: {:?}", path.join("."), fault.cause).unwrap();
    }
    text
}

const INT: ColumnKind = ColumnKind::Int;
const TEXT: ColumnKind = ColumnKind::Text;

/// Albums below an artist: columns 0 artist, 1 key, 2 title, 3 price, 4 at, 5 rating, 6 length, 7 gone, 8 uid, 9 opens, 10 stock.
fn albums(make: &Make, entries: Vec<EntryProgram>) -> Node {
    let text = "select artist_key, _key, title, price, at, rating, length, gone, uid, opens, stock from album where artist_key {keys} \
        order by artist_key, _key";
    let node = make.node(text, vec![Param::ParentKey(INT)], &ALBUM_KINDS, NodeShape::List(row(entries)));
    Node { parent: by_key(0, 0), ..node }
}

const ALBUM_KINDS: [ColumnKind; 11] = [
    INT,
    INT,
    TEXT,
    ColumnKind::Decimal,
    ColumnKind::Instant,
    ColumnKind::Float,
    ColumnKind::Interval,
    ColumnKind::Boolean,
    ColumnKind::Uuid,
    ColumnKind::Time,
    INT,
];

const ARTIST_KINDS: [ColumnKind; 5] = [INT, TEXT, ColumnKind::Date, ColumnKind::Json, ColumnKind::Json];

/// Artists: columns 0 key, 1 name, 2 born, 3 tags, 4 parts.
fn artists(make: &Make, entries: Vec<EntryProgram>) -> Node {
    let text = "select _key, name, born, tags, parts from artist order by _key";
    make.node(text, vec![], &ARTIST_KINDS, NodeShape::List(row(entries)))
}

fn name() -> EntryProgram {
    entry("name", column(1, TEXT, Form::Plain))
}

fn title() -> EntryProgram {
    entry("title", column(2, TEXT, Form::Plain))
}

fn below(key: &str, node: Node) -> EntryProgram {
    entry(key, ValueProgram::Node(Box::new(node)))
}

#[tokio::test]
async fn every_kind_of_column() {
    let program = |make: &Make| {
        let columns = |form: &Form| {
            [
                (1, "key"),
                (3, "price"),
                (4, "at"),
                (5, "rating"),
                (6, "length"),
                (7, "gone"),
                (8, "uid"),
                (9, "opens"),
                (10, "stock"),
            ]
            .into_iter()
            .map(|(index, key)| entry(key, column(index, ALBUM_KINDS[usize::from(index)], form.clone())))
            .collect::<Vec<_>>()
        };
        let node = |form: &Form| below("albums", albums(make, columns(form)));
        vec![
            ("plain", select(artists(make, vec![name(), node(&Form::Plain)]))),
            (
                "postgres",
                select(artists(
                    make,
                    vec![entry("born", column(2, ColumnKind::Date, Form::Postgres)), node(&Form::Postgres)],
                )),
            ),
            (
                "tags",
                select(artists(
                    make,
                    vec![entry(
                        "tags",
                        column(3, ColumnKind::Json, Form::JsonPath(vec!["1".to_owned(), "a".to_owned()])),
                    )],
                )),
            ),
        ]
    };
    let wanted = concat!(
        r#"{"plain":[{"name":"AC/DC","albums":[{"key":10,"price":9.90,"at":"2019-01-03T13:00:05.123Z","rating":4.5,"length":"1 mon 3 days 02:00:00","#,
        r#""gone":true,"uid":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","opens":"15:04:05.500","stock":3},"#,
        r#"{"key":11,"price":12345678901234.00000001,"at":"1969-12-31T23:59:59.500Z","rating":1e+21,"length":"00:00:01.5","gone":false,"uid":null,"#,
        r#""opens":null,"stock":null}]},{"name":"Żółw 🐢","albums":[{"key":12,"price":0,"at":null,"rating":null,"length":null,"gone":null,"uid":null,"#,
        r#""opens":"00:00:00.000","stock":-1}]},{"name":"Nobody","albums":[]}],"#,
        r#""postgres":[{"born":"1973-11-01","albums":[{"key":10,"price":9.90,"at":"2019-01-03T13:00:05.123456+00:00","rating":4.5,"#,
        r#""length":"1 mon 3 days 02:00:00","gone":true,"uid":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","opens":"15:04:05.5","stock":3},"#,
        r#"{"key":11,"price":12345678901234.00000001,"at":"1969-12-31T23:59:59.5+00:00","rating":1e+21,"length":"00:00:01.5","gone":false,"uid":null,"#,
        r#""opens":null,"stock":null}]},{"born":null,"albums":[{"key":12,"price":0,"at":null,"rating":null,"length":null,"gone":null,"uid":null,"#,
        r#""opens":"00:00:00","stock":-1}]},{"born":"0800-01-02","albums":[]}],"#,
        r#""tags":[{"tags":1},{"tags":null},{"tags":null}]}"#,
    );
    check("kinds", program, vec![], wanted).await;
}

#[tokio::test]
async fn nulls_climb_to_the_nearest_place_that_may_be_null() {
    let program = |make: &Make| {
        let strict = |non_null| {
            let node = albums(make, vec![required(title())]);
            let NodeShape::List(row) = node.shape else { unreachable!("albums are a list") };
            Node { shape: NodeShape::List(RowProgram { non_null, ..row }), ..node }
        };
        let refused = entry("secret", ValueProgram::Refused(Refusal { cause: Cause::Forbidden }));
        let born = required(entry("born", column(2, ColumnKind::Date, Form::Plain)));
        let wrap = ValueProgram::Wrap(object(vec![refused, born]));
        vec![
            ("item", select(artists(make, vec![name(), below("albums", strict(false))]))),
            ("list", select(artists(make, vec![name(), below("albums", strict(true))]))),
            ("far", select(artists(make, vec![name(), required(below("albums", strict(true)))]))),
            ("wrap", select(artists(make, vec![entry("wrap", wrap)]))),
        ]
    };
    let wanted = concat!(
        r#"{"item":[{"name":"AC/DC","albums":[{"title":"High \"Voltage\""},{"title":"Back in Black"}]},{"name":"Żółw 🐢","albums":[null]},"#,
        r#"{"name":"Nobody","albums":[]}],"#,
        r#""list":[{"name":"AC/DC","albums":[{"title":"High \"Voltage\""},{"title":"Back in Black"}]},{"name":"Żółw 🐢","albums":null},"#,
        r#"{"name":"Nobody","albums":[]}],"#,
        r#""far":[{"name":"AC/DC","albums":[{"title":"High \"Voltage\""},{"title":"Back in Black"}]},null,{"name":"Nobody","albums":[]}],"#,
        r#""wrap":[{"wrap":{"secret":null,"born":"1973-11-01"}},{"wrap":null},{"wrap":{"secret":null,"born":"0800-01-02"}}]}"#,
        "\nitem.1.albums.0.title: NullInNonNull(\"T.title\")",
        "\nlist.1.albums.0.title: NullInNonNull(\"T.title\")",
        "\nfar.1.albums.0.title: NullInNonNull(\"T.title\")",
        "\nwrap.0.wrap.secret: Forbidden",
        "\nwrap.1.wrap.born: NullInNonNull(\"T.born\")",
        "\nwrap.2.wrap.secret: Forbidden",
    );
    check("nulls", program, vec![], wanted).await;
}

#[tokio::test]
async fn one_row_by_key_and_its_parent() {
    let program = |make: &Make| {
        let up = make.node(
            "select _key, name from artist where _key {keys} order by _key",
            vec![Param::ParentKey(INT)],
            &ARTIST_KINDS[..2],
            NodeShape::One(row(vec![name()])),
        );
        let up = Node { parent: by_key(0, 0), page: Page::One, ..up };
        let text = "select artist_key, _key, title from album where _key = {1}";
        let params = |hole| vec![Param::Hole(HoleId(hole), INT)];
        let shape = || NodeShape::One(row(vec![title(), below("artist", up.clone())]));
        let node = |hole| Node { page: Page::One, ..make.node(text, params(hole), &ALBUM_KINDS[..3], shape()) };
        vec![
            ("met", select(node(0))),
            ("missed", select(node(1))),
            ("constant", PreparedValue::Constant("{\"a\":1}".to_owned())),
        ]
    };
    let wanted = r#"{"met":{"title":"High \"Voltage\"","artist":{"name":"AC/DC"}},"missed":null,"constant":{"a":1}}"#;
    check("one", program, vec![Value::Int(10), Value::Int(999)], wanted).await;
}

fn connection(make: &Make, page: Page, entries: Vec<PartProgramEntry>) -> Node {
    let text = "select _key, name from artist order by _key limit {1} offset {2}";
    let params = vec![Param::Limit(page.clone()), Param::Start(page.clone())];
    let node = make.node(text, params, &ARTIST_KINDS[..2], NodeShape::Parts(entries));
    let counts = make.statement("select count(*) from artist", vec![], &[INT]);
    Node {
        counts: Some(CountProgram {
            statement: counts,
            total: Some(0),
            parent_column: None,
            parent_locale_column: None,
        }),
        page,
        ..node
    }
}

#[tokio::test]
async fn pages_and_totals() {
    let program = |make: &Make| {
        let info = || {
            PartProgram::Wrap(vec![
                part("total", PartProgram::Total),
                part("page", PartProgram::PageNumber),
                part("size", PartProgram::PageSize),
                part("count", PartProgram::PageCount),
            ])
        };
        let entries = || {
            vec![
                part("nodes", PartProgram::Rows(row(vec![name()]))),
                part("info", info()),
                part("kind", PartProgram::Constant("\"x\"".to_owned())),
            ]
        };
        let before = || vec![part("info", info()), part("nodes", PartProgram::Rows(row(vec![name()])))];
        let numbered = Page::Numbered { number: HoleId(0), size: HoleId(1) };
        let far = Page::Offset { start: Some(HoleId(2)), limit: Some(HoleId(1)) };
        vec![
            ("full", select(connection(make, numbered.clone(), entries()))),
            ("before", select(connection(make, numbered, before()))),
            ("far", select(connection(make, far, entries()))),
            ("all", select(connection(make, Page::All, entries()))),
        ]
    };
    let wanted = concat!(
        r#"{"full":{"nodes":[{"name":"Nobody"}],"info":{"total":3,"page":2,"size":2,"count":2},"kind":"x"},"#,
        r#""before":{"info":{"total":3,"page":2,"size":2,"count":2},"nodes":[{"name":"Nobody"}]},"#,
        r#""far":{"nodes":[],"info":{"total":3,"page":3,"size":2,"count":2},"kind":"x"},"#,
        r#""all":{"nodes":[{"name":"AC/DC"},{"name":"Żółw 🐢"},{"name":"Nobody"}],"info":{"total":3,"page":1,"size":3,"count":1},"kind":"x"}}"#,
    );
    check("pages", program, vec![Value::Int(2), Value::Int(2), Value::Int(5)], wanted).await;
}

#[tokio::test]
async fn aggregates_and_totals_below_each_row() {
    let program = |make: &Make| {
        let aggregate = |index, kind, form| PartProgram::Aggregate { of_page: false, index, kind, form };
        let entries = vec![
            part("sum", aggregate(2, ColumnKind::Decimal, Form::Text)),
            part("total", PartProgram::Total),
            part("nodes", PartProgram::Rows(row(vec![title()]))),
        ];
        let text = match make.0 {
            Database::Sqlite => {
                "select artist_key, count(*), max(price collate decimal) from album where artist_key = ?1 group by artist_key"
            }
            Database::Postgres => {
                "select artist_key, count(*), max(price) from album where artist_key = any($1::bigint[]) group by artist_key"
            }
        };
        let statement = make.statement(text, vec![Param::ParentKey(INT)], &[INT, INT, ColumnKind::Decimal]);
        let counts = CountProgram { statement, total: Some(1), parent_column: Some(0), parent_locale_column: None };
        let below_artist = Node { shape: NodeShape::Parts(entries), counts: Some(counts), ..albums(make, vec![]) };
        let text = "select artist_key, count(*) from album where artist_key {keys} group by artist_key";
        let statement = make.statement(text, vec![Param::ParentKey(INT)], &[INT, INT]);
        let total = CountProgram { statement, total: Some(1), parent_column: Some(0), parent_locale_column: None };
        let only = Node {
            rows: None,
            shape: NodeShape::Parts(vec![part("total", PartProgram::Total)]),
            counts: Some(total),
            ..albums(make, vec![])
        };
        let many = make.node(
            "select artist_key, _key, title from album where _key < 12 order by _key",
            vec![],
            &ALBUM_KINDS[..3],
            NodeShape::List(row(vec![])),
        );
        vec![
            ("artists", select(artists(make, vec![below("albums", below_artist), below("count", only)]))),
            ("empty", select(many)),
        ]
    };
    let wanted = concat!(
        r#"{"artists":[{"albums":{"sum":"12345678901234.00000001","total":2,"nodes":[{"title":"High \"Voltage\""},{"title":"Back in Black"}]},"count":{"total":2}},"#,
        r#"{"albums":{"sum":"0","total":1,"nodes":[{"title":null}]},"count":{"total":1}},"#,
        r#"{"albums":{"sum":null,"total":0,"nodes":[]},"count":{"total":0}}],"empty":[{},{}]}"#,
    );
    check("aggregates", program, vec![], wanted).await;
}

#[tokio::test]
async fn related_rows_of_several_types() {
    let program = |make: &Make| {
        let arm = |word: &str, text: &str, columns: &[ColumnKind], entries| {
            let node = make.node(text, vec![Param::ParentKey(INT)], columns, NodeShape::One(row(entries)));
            SwitchArmProgram {
                of: TypeId(0),
                word: word.to_owned(),
                node: Node { parent: by_key(2, 0), page: Page::One, ..node },
            }
        };
        let of_album = arm(
            "album",
            "select _key, title from album where _key {keys} order by _key",
            &[INT, TEXT],
            vec![entry("title", column(1, TEXT, Form::Plain))],
        );
        let of_artist =
            arm("artist", "select _key, name from artist where _key {keys} order by _key", &[INT, TEXT], vec![name()]);
        let switch = |many| {
            let text = "select _row, target_type, target from liked where _row {keys} order by _row, position";
            let links = make.statement(text, vec![Param::ParentKey(INT)], &[INT, TEXT, INT]);
            let linked = LinkedProgram { arms: vec![of_album.clone(), of_artist.clone()] };
            let shape = if many { SwitchShapeProgram::List(linked) } else { SwitchShapeProgram::One(linked) };
            let page = if many { Page::All } else { Page::One };
            let program = SwitchProgram { links, counts: None, parent: by_key(0, 0), page, shape };
            ValueProgram::Switch(Box::new(program))
        };
        vec![("artists", select(artists(make, vec![entry("likes", switch(true)), entry("first", switch(false))])))]
    };
    let wanted = concat!(
        r#"{"artists":[{"likes":[{"title":null},{"name":"Żółw 🐢"},{"title":"High \"Voltage\""}],"first":{"title":null}},"#,
        r#"{"likes":[{"name":"Nobody"}],"first":{"name":"Nobody"}},{"likes":[],"first":null}]}"#,
    );
    check("switch", program, vec![], wanted).await;
}

#[tokio::test]
async fn components_are_written_by_the_selection() {
    let program = |make: &Make| {
        let first = Page::Offset { start: None, limit: Some(HoleId(0)) };
        let zone = |page, arms| {
            let source = ComponentSource::Column(4);
            ValueProgram::Component(Box::new(ComponentProgram { source, many: true, page, arms }))
        };
        let linked = |page| below("albums", linked_albums(make, page));
        let below_note = ArmProgram { row: row(vec![linked(Page::All)]), ..note("text") };
        let entries = vec![
            entry(
                "zone",
                zone(Page::All, vec![period(vec![linked(Page::All), linked_first(make, &first)]), note("body")]),
            ),
            entry("notes", zone(Page::All, vec![below_note])),
            entry("cut", zone(first, vec![note("text")])),
        ];
        vec![("artists", select(artists(make, entries)))]
    };
    let wanted = concat!(
        r#"{"artists":[{"zone":[{"kind":"Period","label":"on \"tour\"","at":"2019-01-03T13:00:05.123Z","price":1.50,"on":true,"count":"7","open":"15:04:05.5","#,
        r#""any":2,"none":null,"word":"Word","notes":[{"id":"9","text":"n"}],"best":{"id":"10","text":"b"},"#,
        r#""albums":[{"title":null},{"title":"High \"Voltage\""}],"first":[{"title":null}]},{"id":"6","body":"zwölf"}],"#,
        r#""notes":[{"albums":[{"title":"Back in Black"}]}],"cut":[]},"#,
        r#"{"zone":[],"notes":[],"cut":[]},{"zone":[],"notes":[],"cut":[]}]}"#,
    );
    check("components", program, vec![Value::Int(1)], wanted).await;
}

/// A component with an id and a text, shown under this key.
fn note(key: &str) -> ArmProgram {
    ArmProgram {
        component: ComponentId(1),
        word: "default.note".to_owned(),
        row: row(vec![entry("id", ValueProgram::ElementId), entry(key, member("text", TEXT, Form::Plain))]),
    }
}

/// A component with members of every kind, and what hangs below it.
fn period(behind: Vec<EntryProgram>) -> ArmProgram {
    let nested = |member: &str, many| {
        let source = ComponentSource::Member(member.to_owned());
        ValueProgram::Component(Box::new(ComponentProgram { source, many, page: Page::All, arms: vec![note("text")] }))
    };
    let word = ValueProgram::Member {
        name: "word".to_owned(),
        kind: TEXT,
        form: Form::Word(model::EnumId(0)),
        words: vec![("raw".to_owned(), "Word".to_owned())],
    };
    let mut entries = vec![
        entry("kind", ValueProgram::Constant("\"Period\"".to_owned())),
        entry("label", member("label", TEXT, Form::Plain)),
        entry("at", member("at", ColumnKind::Instant, Form::Plain)),
        entry("price", member("price", ColumnKind::Decimal, Form::Plain)),
        entry("on", member("on", ColumnKind::Boolean, Form::Plain)),
        entry("count", member("count", INT, Form::Text)),
        entry("open", member("open", ColumnKind::Time, Form::Postgres)),
        entry("any", member("any", ColumnKind::Json, Form::JsonPath(vec!["k".to_owned(), "-1".to_owned()]))),
        entry("none", member("none", TEXT, Form::Plain)),
        entry("word", word),
        entry("notes", nested("notes", true)),
        entry("best", nested("best", false)),
    ];
    entries.extend(behind);
    ArmProgram { component: ComponentId(0), word: "default.period".to_owned(), row: row(entries) }
}

/// The albums that an element links to.
fn linked_albums(make: &Make, page: Page) -> Node {
    let text = "select l._row, l.element, a.title from component_link l join album a on a._key = l.target where l._row {keys} \
        order by l._row, l.position";
    let node = make.node(text, vec![Param::ParentKey(INT)], &[INT, INT, TEXT], NodeShape::List(row(vec![title()])));
    Node { parent: Parent::Element { above: 0, here: 0, element: 1 }, page, ..node }
}

fn linked_first(make: &Make, page: &Page) -> EntryProgram {
    below("first", linked_albums(make, page.clone()))
}

#[tokio::test]
async fn a_list_too_long_is_a_fault_and_never_a_cut() {
    let program = |make: &Make| {
        let text = "select a._key, a.name from artist a cross join artist b order by a._key, b._key limit {1}";
        let node = |page: Page| Node {
            page: page.clone(),
            ..make.node(text, vec![Param::Limit(page)], &ARTIST_KINDS[..2], NodeShape::List(row(vec![name()])))
        };
        vec![
            ("all", select(node(Page::All))),
            ("page", select(node(Page::Offset { start: None, limit: Some(HoleId(0)) }))),
        ]
    };
    let wanted = concat!(r#"{"all":null,"page":[{"name":"AC/DC"},{"name":"AC/DC"}]}"#, "\nall: TooManyRows(3)");
    check("long", program, vec![Value::Int(2)], wanted).await;
}

#[tokio::test]
async fn one_item_too_large_is_refused() {
    let program = |make: &Make| {
        let entries = ["a", "b", "c", "d"].map(|key| entry(key, column(1, ColumnKind::Text, Form::Plain))).to_vec();
        let text = "select a._key, a.name from artist a where a._key = {1}";
        let node = make.node(text, vec![Param::Hole(HoleId(0), INT)], &ARTIST_KINDS[..2], NodeShape::One(row(entries)));
        vec![("artist", select(node))]
    };
    let limits: fn(&mut StoreLimits) = |limits| limits.answer_bytes_max = 50;
    check_within("item", program, vec![Value::Int(1)], limits, "null\n: AnswerTooLarge(50)").await;
}

#[tokio::test]
async fn an_answer_too_large_is_refused() {
    let program = |make: &Make| {
        vec![("artists", select(artists(make, vec![name(), below("albums", albums(make, vec![title()]))])))]
    };
    check_within("large", program, vec![], |limits| limits.answer_bytes_max = 100, "null\n: AnswerTooLarge(100)").await;
}

#[tokio::test]
async fn values_are_bound_as_their_columns_keep_them() {
    let program = |make: &Make| {
        let like = Param::Like { hole: HoleId(0), before: true, behind: true };
        let escape = "select _key, name from artist where name like {1} escape '\\' order by _key";
        let shape = || NodeShape::List(row(vec![name()]));
        let price = make.node(
            "select artist_key, _key, title from album where price = {1} order by _key",
            vec![Param::Hole(HoleId(1), ColumnKind::Decimal)],
            &ALBUM_KINDS[..3],
            NodeShape::List(row(vec![entry("key", column(1, INT, Form::Plain))])),
        );
        let list = match make.0 {
            Database::Sqlite => {
                "select _key, name from artist where _key in (select value from json_each(?1)) order by _key"
            }
            Database::Postgres => "select _key, name from artist where _key = any($1) order by _key",
        };
        let between = "select _key, name from artist where born between {1} and {2}";
        let members =
            vec![Param::Member(HoleId(3), 0, ColumnKind::Date), Param::Member(HoleId(3), 1, ColumnKind::Date)];
        let at = "select artist_key, _key, title from album where at = {1}";
        let keys = NodeShape::List(row(vec![entry("key", column(1, INT, Form::Plain))]));
        vec![
            ("like", select(make.node(escape, vec![like], &ARTIST_KINDS[..2], shape()))),
            ("price", select(price)),
            ("list", select(make.node(list, vec![Param::List(HoleId(2), INT)], &ARTIST_KINDS[..2], shape()))),
            ("between", select(make.node(between, members, &ARTIST_KINDS[..2], shape()))),
            ("at", select(make.node(at, vec![Param::Hole(HoleId(4), ColumnKind::Instant)], &ALBUM_KINDS[..3], keys))),
        ]
    };
    let date = |text: &str| Value::Date(text.parse().unwrap());
    let values = vec![
        Value::Text("/".to_owned()),
        Value::Int(0),
        Value::List(vec![Value::Int(3), Value::Int(1), Value::Null]),
        Value::List(vec![date("1973-11-01"), date("1973-11-02")]),
        Value::Instant(-500_000),
    ];
    let wanted = concat!(
        r#"{"like":[{"name":"AC/DC"}],"price":[{"key":12}],"list":[{"name":"AC/DC"},{"name":"Nobody"}],"between":[{"name":"AC/DC"}],"#,
        r#""at":[{"key":11}]}"#,
    );
    check("bound", program, values, wanted).await;
}

#[tokio::test]
async fn a_fault_of_the_database_says_nothing_of_it() {
    let program = |make: &Make| {
        vec![("broken", select(make.node("select secret from nowhere", vec![], &[INT], NodeShape::List(row(vec![])))))]
    };
    check("broken", program, vec![], "null\n: Internal").await;
}

#[tokio::test]
async fn a_pattern_that_cannot_be_read_is_the_callers_fault() {
    let program = |make: &Make| {
        let text = match make.0 {
            Database::Sqlite => "select _key, name from artist where dragoman_regex(?1, name)",
            Database::Postgres => "select _key, name from artist where name ~ $1",
        };
        let params = vec![Param::Hole(HoleId(0), TEXT)];
        vec![("broken", select(make.node(text, params, &ARTIST_KINDS[..2], NodeShape::List(row(vec![name()])))))]
    };
    let wanted = "null\n: Invalid { problem: Text(\"invalid regular expression\") }";
    check("pattern", program, vec![Value::Text("(".to_owned())], wanted).await;
}

#[tokio::test]
async fn a_read_is_stopped_at_its_deadline() {
    let program = |make: &Make| {
        let text = "with recursive n (v) as (select 1 union all select (v + 1) % 1000000 from n) select max(v) from n";
        vec![("endless", select(make.node(text, vec![], &[INT], NodeShape::List(row(vec![])))))]
    };
    check_within(
        "endless",
        program,
        vec![],
        |limits| limits.read_timeout = Duration::from_millis(50),
        "null\n: Timeout",
    )
    .await;
}

#[tokio::test]
async fn a_statement_whose_table_has_changed_is_prepared_again() {
    for place in database::Place::both("changed").await {
        let store = place.open();
        execute(&store, &setup(store.database())).await;
        let make = Make(store.database());
        let node = below("albums", albums(&make, vec![title()]));
        let prepared = Arc::new(prepared(vec![("artists", select(artists(&make, vec![name(), node])))]));
        let before = store.read(&prepared, Values::default(), Vec::new()).await;
        let change = match store.database() {
            Database::Sqlite => "alter table album add column more text",
            Database::Postgres => "alter table album alter column title type varchar(200)",
        };
        execute(&store, change).await;
        let after = store.read(&prepared, Values::default(), Vec::new()).await;
        assert_eq!((after.faults.len(), &after), (0, &before));
        drop(store);
        place.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_requests_at_once_do_not_meet() {
    for place in database::Place::both("many").await {
        let store = Arc::new(place.open_with(|limits| limits.connections_max = 3));
        execute(&store, &setup(store.database())).await;
        let make = Make(store.database());
        let one = |key: i64| {
            let text = "select artist_key, _key, title from album where _key = {1}";
            let entries = vec![entry("key", column(1, INT, Form::Plain)), title()];
            let node =
                make.node(text, vec![Param::Hole(HoleId(0), INT)], &ALBUM_KINDS[..3], NodeShape::One(row(entries)));
            (Arc::new(prepared(vec![("album", select(node.clone())), ("again", select(node))])), Value::Int(key))
        };
        let mut tasks = Vec::new();
        for index in 0..200 {
            let (prepared, key) = one(10 + index % 3);
            let store = Arc::clone(&store);
            tasks.push(tokio::spawn(async move {
                (key.clone(), store.read(&prepared, Values(vec![key]), Vec::new()).await)
            }));
        }
        for task in tasks {
            let (key, answer) = task.await.unwrap();
            let Value::Int(key) = key else { unreachable!("keys are numbers") };
            let text = String::from_utf8(answer.bytes).unwrap();
            assert_eq!(text.matches(&format!("\"key\":{key},")).count(), 2, "{text}");
        }
        drop(store);
        place.remove().await;
    }
}
