//! Rows that several rows lead to.

use plan::Form;
use sql::{EntryProgram, Node, NodeShape, Param};

use super::{ALBUM_KINDS, INT, Make, TEXT, below, by_key, check, column, entry, name, required, row, select};

/// The artist of an album.
fn artist(make: &Make) -> EntryProgram {
    let text = "select _key, name from artist where _key {keys} order by _key";
    let node = make.node(text, vec![Param::ParentKey(INT)], &[INT, TEXT], NodeShape::One(row(vec![name()])));
    below("artist", Node { parent: by_key(0, 0), ..node })
}

#[tokio::test]
async fn a_row_below_several_is_shown_below_each() {
    let program = |make: &Make| {
        let text = "select artist_key, _key, title, price, at, rating, length, gone, uid, opens, stock from album order by _key desc";
        let list = |entries| make.node(text, vec![], &ALBUM_KINDS, NodeShape::List(row(entries)));
        let stock = || entry("stock", column(10, INT, Form::Plain));
        vec![
            ("plain", select(list(vec![artist(make), stock()]))),
            // What stands in an object that is taken back is not there any more for the next.
            ("failing", select(list(vec![artist(make), required(stock())]))),
        ]
    };
    let wanted = concat!(
        r#"{"plain":[{"artist":{"name":"Żółw 🐢"},"stock":-1},{"artist":{"name":"AC/DC"},"stock":null},{"artist":{"name":"AC/DC"},"stock":3}],"#,
        r#""failing":[{"artist":{"name":"Żółw 🐢"},"stock":-1},null,{"artist":{"name":"AC/DC"},"stock":3}]}"#,
        "\nfailing.1.stock: NullInNonNull(\"T.stock\")",
    );
    check("again", program, vec![], wanted).await;
}
