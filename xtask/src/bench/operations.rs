//! The eleven operations in both dialects, and the requests that are made of them.

use serde_json::{Value, json};

use super::options::Way;
use super::random::Random;

/// Requests prepared for each operation; they are sent in turn.
const BODIES: usize = 256;
/// The same for operations of which one takes tens of milliseconds: every one is sent once before the clock starts.
const SLOW_BODIES: usize = 16;
const SEED: u64 = 42;
const DOCUMENT_ID_CHARACTERS: usize = 24;
const GENRES: [u64; 5] = [1, 2, 3, 4, 7];
const LANGUAGES: [&str; 4] = ["en", "de", "fr", "es"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    A,
    B,
    C,
    D,
    E,
    G,
    H,
    L,
    S,
    W,
    /// Behind all that only reads, because it changes the data.
    F,
    /// `h` once more, after the index that it asks for was made.
    HIndexed,
}

impl Operation {
    pub(super) const ALL: [Self; 12] = [
        Self::A,
        Self::B,
        Self::C,
        Self::D,
        Self::E,
        Self::G,
        Self::H,
        Self::L,
        Self::S,
        Self::W,
        Self::F,
        Self::HIndexed,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::D => "d",
            Self::E => "e",
            Self::F => "f",
            Self::G => "g",
            Self::H => "h",
            Self::HIndexed => "h+",
            Self::L => "l",
            Self::S => "s",
            Self::W => "w",
        }
    }

    pub(super) fn question(self) -> &'static str {
        match self {
            Self::A => "track by key",
            Self::B => "20 albums with all tracks",
            Self::C => "tracks of a genre, page, total",
            Self::D => "artists, albums, tracks, genre",
            Self::E => "aggregate over a genre",
            Self::F => "insert a comment",
            Self::G => "home page: articles, author, tags, comments",
            Self::H => "popular articles, unindexed order, total",
            Self::HIndexed => "the same with its index",
            Self::L => "1,000 articles, 10 columns",
            Self::S => "albums by LIKE with artist",
            Self::W => "347 albums with artist, tracks, genre",
        }
    }

    /// The shares of the better limit that are to be reached, in percent: PostgreSQL, SQLite.
    pub(super) fn goals(self) -> (u32, u32) {
        match self {
            Self::A | Self::E | Self::F | Self::S => (75, 65),
            Self::B | Self::C | Self::D | Self::G | Self::H | Self::HIndexed | Self::L | Self::W => (88, 78),
        }
    }

    /// Requests as lines of JSON. The limit programs get the same bodies as the hasura dialect and read their variables only.
    pub(super) fn bodies(self, way: Way) -> Vec<String> {
        let mut random = Random::new(SEED);
        (0..self.requests())
            .map(|_| {
                let drawn = self.draw(&mut random);
                let (query, variables) = match way {
                    Way::Json | Way::Rows | Way::Hasura | Way::Peer => (self.hasura(), self.hasura_variables(&drawn)),
                    Way::Strapi => (self.strapi(), self.strapi_variables(&drawn)),
                };
                json!({ "query": query, "operationName": self.requested(), "variables": variables }).to_string()
            })
            .collect()
    }

    fn requests(self) -> usize {
        match self {
            Self::H => SLOW_BODIES,
            Self::A
            | Self::B
            | Self::C
            | Self::D
            | Self::E
            | Self::F
            | Self::G
            | Self::HIndexed
            | Self::L
            | Self::S
            | Self::W => BODIES,
        }
    }

    /// The name of the operation in its document.
    fn requested(self) -> &'static str {
        match self {
            Self::HIndexed => Self::H.name(),
            Self::A
            | Self::B
            | Self::C
            | Self::D
            | Self::E
            | Self::F
            | Self::G
            | Self::H
            | Self::L
            | Self::S
            | Self::W => self.name(),
        }
    }

    fn draw(self, random: &mut Random) -> Drawn {
        let mut drawn = Drawn { language: LANGUAGES[0], ..Drawn::default() };
        match self {
            Self::A => drawn.id = 1 + random.below(3503),
            Self::B => drawn.offset = random.below(321),
            Self::C => {
                drawn.id = random.pick(&GENRES);
                drawn.offset = random.below(41);
            }
            Self::D => drawn.offset = random.below(251),
            Self::E => drawn.id = random.pick(&GENRES),
            Self::F => {
                drawn.id = 1 + random.below(150_000);
                drawn.author = 1 + random.below(10_000);
            }
            Self::G => drawn.offset = random.below(201),
            Self::H | Self::HIndexed => {
                drawn.language = random.pick(&LANGUAGES);
                drawn.offset = random.below(201);
            }
            Self::L => drawn.offset = random.below(148_001),
            Self::S | Self::W => {}
        }
        drawn
    }

    fn hasura_variables(self, drawn: &Drawn) -> Value {
        let Drawn { id, author, offset, language } = drawn;
        match self {
            Self::A => json!({ "id": id }),
            Self::B | Self::D | Self::G | Self::L => json!({ "o": offset }),
            Self::C => json!({ "g": id, "o": offset }),
            Self::E => json!({ "g": id }),
            Self::F => json!({ "a": id, "u": author, "t": comment(*id) }),
            Self::H | Self::HIndexed => json!({ "l": language, "o": offset }),
            Self::S => json!({ "p": "%Rock%" }),
            Self::W => json!({}),
        }
    }

    fn strapi_variables(self, drawn: &Drawn) -> Value {
        let Drawn { id, author, offset, language } = drawn;
        match self {
            Self::A => json!({ "id": document_id(*id) }),
            Self::B | Self::D | Self::G | Self::L => json!({ "o": offset }),
            Self::C => json!({ "g": document_id(*id), "o": offset }),
            Self::E => json!({ "g": document_id(*id) }),
            Self::F => json!({ "a": document_id(*id), "u": document_id(*author), "t": comment(*id) }),
            Self::H | Self::HIndexed => json!({ "l": language, "o": offset }),
            Self::S => json!({ "p": "Rock" }),
            Self::W => json!({}),
        }
    }

    fn hasura(self) -> &'static str {
        match self {
            Self::A => "query a($id: Int!) { track_by_pk(id: $id) { id name milliseconds unit_price composer } }",
            Self::B => {
                "query b($o: Int!) { album(order_by: {id: asc}, limit: 20, offset: $o) { id title tracks(order_by: {id: asc}) { id name milliseconds } } }"
            }
            Self::C => {
                "query c($g: Int!, $o: Int!) { track(where: {genre: {id: {_eq: $g}}, milliseconds: {_gt: 200000}}, order_by: [{name: asc}, {id: asc}], limit: 20, offset: $o) { id name milliseconds composer unit_price } \
                 track_aggregate(where: {genre: {id: {_eq: $g}}, milliseconds: {_gt: 200000}}) { aggregate { count } } }"
            }
            Self::D => {
                "query d($o: Int!) { artist(order_by: {id: asc}, limit: 20, offset: $o) { id name albums(order_by: {id: asc}, limit: 20) { id title \
                 tracks(order_by: {id: asc}, limit: 20) { id name milliseconds genre { id name } } } } }"
            }
            Self::E => {
                "query e($g: Int!) { track_aggregate(where: {genre: {id: {_eq: $g}}}) { aggregate { count sum { milliseconds } avg { unit_price } max { milliseconds } } } }"
            }
            Self::F => {
                "mutation f($a: Int!, $u: Int!, $t: String!) { insert_comment_one(object: {article_id: $a, author_id: $u, body: $t}) { id article_id created_at } }"
            }
            Self::G => {
                "query g($o: Int!) { article(where: {state: {_eq: \"published\"}}, order_by: [{released_at: desc}, {id: desc}], limit: 20, offset: $o) { id title slug released_at views \
                 author { name country } tags { name } comments(order_by: {created_at: desc}, limit: 5) { id body likes author { name } } } }"
            }
            Self::H | Self::HIndexed => {
                "query h($l: String!, $o: Int!) { article(where: {state: {_eq: \"published\"}, lang: {_eq: $l}}, order_by: [{views: desc}, {id: asc}], limit: 20, offset: $o) { id title views rating } \
                 article_aggregate(where: {state: {_eq: \"published\"}, lang: {_eq: $l}}) { aggregate { count } } }"
            }
            Self::L => {
                "query l($o: Int!) { article(where: {number: {_gt: $o}}, order_by: {number: asc}, limit: 1000) { id title slug state lang views rating released_at created_at version } }"
            }
            Self::S => "query s($p: String!) { album(where: {title: {_like: $p}}) { id title artist { name id } } }",
            Self::W => {
                "query w { album(order_by: {id: asc}) { id title artist { id name } tracks(order_by: {id: asc}) { id name genre { id name } } } }"
            }
        }
    }

    /// Sort and page sizes are spelt out: the dialect's defaults differ. It has no aggregates but the total, so `e` asks for that alone.
    fn strapi(self) -> &'static str {
        match self {
            Self::A => {
                "query a($id: ID!) { track(documentId: $id) { documentId name milliseconds unitPrice composer } }"
            }
            Self::B => {
                "query b($o: Int!) { albums(sort: \"number:asc\", pagination: {start: $o, limit: 20}) { documentId title tracks(sort: \"number:asc\", pagination: {limit: 100}) { documentId name milliseconds } } }"
            }
            Self::C => {
                "query c($g: ID!, $o: Int!) { tracks_connection(filters: {genre: {documentId: {eq: $g}}, milliseconds: {gt: 200000}}, sort: [\"name:asc\", \"number:asc\"], pagination: {start: $o, limit: 20}) { \
                 nodes { documentId name milliseconds composer unitPrice } pageInfo { total } } }"
            }
            Self::D => {
                "query d($o: Int!) { artists(sort: \"number:asc\", pagination: {start: $o, limit: 20}) { documentId name albums(sort: \"number:asc\", pagination: {limit: 20}) { documentId title \
                 tracks(sort: \"number:asc\", pagination: {limit: 20}) { documentId name milliseconds genre { documentId name } } } } }"
            }
            Self::E => {
                "query e($g: ID!) { tracks_connection(filters: {genre: {documentId: {eq: $g}}}) { pageInfo { total } } }"
            }
            Self::F => {
                "mutation f($a: ID!, $u: ID!, $t: String!) { createComment(data: {article: $a, author: $u, body: $t}) { documentId createdAt } }"
            }
            Self::G => {
                "query g($o: Int!) { articles(filters: {state: {eq: \"published\"}}, sort: [\"releasedAt:desc\", \"number:desc\"], pagination: {start: $o, limit: 20}) { documentId title slug releasedAt views \
                 author { name country } tags { name } comments(sort: \"createdAt:desc\", pagination: {limit: 5}) { documentId body likes author { name } } } }"
            }
            Self::H | Self::HIndexed => {
                "query h($l: String!, $o: Int!) { articles_connection(filters: {state: {eq: \"published\"}, lang: {eq: $l}}, sort: [\"views:desc\", \"number:asc\"], pagination: {start: $o, limit: 20}) { \
                 nodes { documentId title views rating } pageInfo { total } } }"
            }
            Self::L => {
                "query l($o: Int!) { articles(filters: {number: {gt: $o}}, sort: \"number:asc\", pagination: {limit: 1000}) { documentId title slug state lang views rating releasedAt createdAt version } }"
            }
            Self::S => {
                "query s($p: String!) { albums(filters: {title: {contains: $p}}, pagination: {limit: 100}) { documentId title artist { name documentId } } }"
            }
            Self::W => {
                "query w { albums(sort: \"number:asc\", pagination: {limit: 1000}) { documentId title artist { documentId name } tracks(sort: \"number:asc\", pagination: {limit: 100}) { documentId name genre { documentId name } } } }"
            }
        }
    }
}

/// What the variables of one request are made of.
#[derive(Default)]
struct Drawn {
    id: u64,
    author: u64,
    offset: u64,
    language: &'static str,
}

fn comment(id: u64) -> String {
    format!("A remark on article {id}, as long as remarks usually are: a sentence, and the beginning of another.")
}

/// A key in base 36, padded with zeros: how the loader names the rows that keep their key.
fn document_id(key: u64) -> String {
    let (mut digits, mut rest) = (Vec::new(), key);
    while rest > 0 || digits.len() < DOCUMENT_ID_CHARACTERS {
        let digit = u32::try_from(rest % 36).ok().and_then(|digit| char::from_digit(digit, 36));
        digits.push(digit.expect("a remainder of 36 is a digit in base 36"));
        rest /= 36;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::document_id;

    #[test]
    fn a_document_id_has_twenty_four_characters() {
        assert_eq!(document_id(35), "00000000000000000000000z");
        assert_eq!(document_id(500_000), "00000000000000000000apsw");
    }
}
