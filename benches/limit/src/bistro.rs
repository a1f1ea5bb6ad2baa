//! 10,000 restaurants in 200 categories as seed files: the rows with which Strapi was measured. Every value is a formula of the row's number.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

const RESTAURANTS: u64 = 10_000;
const CATEGORIES: u64 = 200;
/// Categories of each restaurant.
const LINKS: u64 = 3;

pub(crate) fn run(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    write(&folder.join("category.json"), "Category", (0..CATEGORIES).map(category))?;
    write(&folder.join("restaurant.json"), "Restaurant", (0..RESTAURANTS).map(restaurant))
}

fn write(path: &Path, content_type: &str, entries: impl Iterator<Item = Value>) -> Result<()> {
    let file = File::create(path).with_context(|| format!("could not make {}", path.display()))?;
    let mut out = BufWriter::new(file);
    write!(out, "{{\"type\":\"{content_type}\",\"entries\":[")?;
    for (index, entry) in entries.enumerate() {
        write!(out, "{}\n{entry}", if index == 0 { "" } else { "," })?;
    }
    writeln!(out, "\n]}}")?;
    Ok(out.flush()?)
}

fn category(index: u64) -> Value {
    json!({
        "id": index + 1, "documentId": document_id("catg", index + 1), "createdAt": instant(0),
        "data": { "name": format!("Category {}", index + 1), "rank": index % 10 },
    })
}

/// A restaurant without a status: its draft and its published version hold the same.
fn restaurant(index: u64) -> Value {
    let categories = (0..LINKS).map(|link| (index * 31 + link * 67) % CATEGORIES + 1);
    json!({
        "id": index + 1, "documentId": document_id("rest", index + 1), "createdAt": instant(index),
        "data": {
            "name": format!("Restaurant {}", index * 7919 % RESTAURANTS),
            "title": format!("Title {index}"),
            "description": format!("Description of restaurant {index}"),
            "averagePrice": index * 37 % 200,
            "rating": tenths(index * 13 % 50),
            "slug": format!("restaurant-{index}"),
            "openedOn": "2020-01-01",
            "isOpen": index.is_multiple_of(2),
            "categories": categories.map(|number| document_id("catg", number)).collect::<Vec<_>>(),
        },
    })
}

/// 24 characters, as Strapi makes them.
fn document_id(prefix: &str, number: u64) -> String {
    format!("{prefix}{number:020}")
}

fn tenths(number: u64) -> Value {
    let text = format!("{}.{}", number / 10, number % 10);
    text.parse::<f64>().map_or(Value::Null, Value::from)
}

/// So many seconds, of which a day has more than there are rows, behind the beginning of 2024.
fn instant(seconds: u64) -> String {
    format!("2024-01-01T{:02}:{:02}:{:02}.000Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::{category, restaurant};

    #[test]
    fn rows_are_formulas_of_their_number() {
        assert_eq!(category(199)["data"]["name"], "Category 200");
        let row = restaurant(41);
        assert_eq!(row["documentId"], "rest00000000000000000042");
        assert_eq!(row["data"]["name"], "Restaurant 4679");
        assert_eq!(row["data"]["averagePrice"], 117);
        assert_eq!(restaurant(0)["data"]["categories"][1], "catg00000000000000000068");
        assert_eq!(restaurant(9_999)["createdAt"], "2024-01-01T02:46:39.000Z");
    }
}
