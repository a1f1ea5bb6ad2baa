//! Names in the database: from words of the model, short enough for both databases, never two alike.

use std::collections::BTreeSet;

/// Longest name in bytes; PostgreSQL cuts what is longer in silence.
pub const NAME_BYTES_MAX: usize = 63;

/// `BlogPost`, `blogPost` and `blog_post` become `blog_post`; `HTTPServer` becomes `http_server`.
#[must_use]
pub fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, letter) in letters.iter().enumerate() {
        let follows_word = index > 0 && letters[index - 1] != '_' && !letters[index - 1].is_ascii_uppercase();
        let ends_capitals = index > 0
            && letters[index - 1].is_ascii_uppercase()
            && letters.get(index + 1).is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && (follows_word || ends_capitals) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The names of one place (all tables, or the columns of one table): none is given twice.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// The name made of these words. If it is too long or taken already, its end becomes a hash of `identity`, which must be unique in
    /// this place and must not depend on anything that stands beside it.
    pub(crate) fn take(&mut self, words: &[&str], identity: &str) -> String {
        let wanted = words.join("_");
        let name = if wanted.len() > NAME_BYTES_MAX || self.taken.contains(&wanted) {
            shortened(&wanted, identity)
        } else {
            wanted
        };
        self.taken.insert(name.clone());
        name
    }
}

/// `<beginning>_<hash of identity>`, not longer than [`NAME_BYTES_MAX`].
pub(crate) fn shortened(name: &str, identity: &str) -> String {
    let hash = fnv1a(identity);
    let mut digits = String::with_capacity(8);
    for shift in (0..8u32).rev() {
        let digit = u32::try_from(hash >> (shift * 4) & 0xf).expect("four bits fit");
        digits.push(char::from_digit(digit, 16).expect("below 16"));
    }
    let room = NAME_BYTES_MAX - digits.len() - 1;
    let kept: String = name.chars().take(room).collect();
    [kept.as_str(), digits.as_str()].join("_")
}

/// FNV-1a over 64 bits: short, the same for ever, and no caller chooses what it is fed.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::{NAME_BYTES_MAX, Names, snake_case};

    #[test]
    fn words_of_the_model_become_snake_case() {
        let cases = [
            ("BlogPost", "blog_post"),
            ("title", "title"),
            ("averagePrice", "average_price"),
            ("start_date", "start_date"),
            ("HTTPServer", "http_server"),
            ("shareID", "share_id"),
            ("line2", "line2"),
            ("Line2Item", "line2_item"),
            ("Blog_Post", "blog_post"),
        ];
        for (name, snake) in cases {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn a_name_is_never_given_twice_nor_too_long() {
        let mut names = Names::default();
        assert_eq!(names.take(&["author", "key"], "author"), "author_key");
        let second = names.take(&["author", "key"], "authorKey");
        assert!(second.starts_with("author_key_") && second.len() == "author_key_".len() + 8, "{second}");
        let long = "x".repeat(100);
        assert_eq!(names.take(&[&long], "long").len(), NAME_BYTES_MAX);
    }
}
