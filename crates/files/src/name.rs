//! Names: what a client calls a file is shown, never used as a path; on disk a file is called after its hash.

/// Letters of a client's name that stand in a hash.
const SLUG_LETTERS_MAX: usize = 60;
/// Longest name on disk.
const FILE_NAME_BYTES_MAX: usize = 200;

/// A client's name as it is kept and shown: without folders, control characters and marks that turn the direction of text.
#[must_use]
pub fn shown_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|letter| !letter.is_control() && !turns_text(*letter)).collect();
    match kept.trim() {
        "" | "." | ".." => "file".to_owned(),
        name => name.to_owned(),
    }
}

fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// The extension of a name with its dot; empty where it has none.
#[must_use]
pub fn extension_of(name: &str) -> &str {
    match name.rfind('.') {
        Some(at) if at > 0 => &name[at..],
        Some(_) | None => "",
    }
}

/// What a file is called on disk, without its extension: letters of its name, for people, and random ones, which make it its own.
#[must_use]
pub fn file_hash(shown_name: &str, random: &str) -> String {
    let stem = shown_name.strip_suffix(extension_of(shown_name)).unwrap_or(shown_name);
    let mut slug = String::new();
    for letter in stem.chars().take(SLUG_LETTERS_MAX) {
        if letter.is_ascii_alphanumeric() || letter == '-' {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    let slug = slug.trim_end_matches('_');
    [if slug.is_empty() { "file" } else { slug }, "_", random].concat()
}

/// Whether a name can be one of the folder's files: nothing hidden, no folder, no letter with a meaning to anybody.
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.len() <= FILE_NAME_BYTES_MAX && !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_could_lead_elsewhere() {
        let cases = [
            ("pizza.png", "pizza.png", "pizza_1"),
            ("../../etc/passwd", "passwd", "passwd_1"),
            ("C:\\photos\\Café Müller.JPG", "Café Müller.JPG", "Caf_M_ller_1"),
            ("..", "file", "file_1"),
            ("", "file", "file_1"),
            ("ok.png\0.html", "ok.png.html", "ok_png_1"),
            ("a\r\nX: 1.txt", "aX: 1.txt", "aX_1_1"),
            ("\u{202e}gnp.exe", "gnp.exe", "gnp_1"),
            (".env", ".env", "env_1"),
            ("日本.png", "日本.png", "file_1"),
        ];
        for (given, shown, hash) in cases {
            assert_eq!(shown_name(given), shown, "{given:?}");
            assert_eq!(file_hash(shown, "1"), hash, "{given:?}");
            assert!(is_file_name(&file_hash(shown, "1")));
        }
    }

    #[test]
    fn only_names_of_the_folder_are_names() {
        assert!(is_file_name("pizza_0000000001.png"));
        for name in ["", ".", "..", ".env", "a/b", "a\\b", "a\0", "a b", "ä", "%2e", &"a".repeat(201)] {
            assert!(!is_file_name(name), "{name:?}");
        }
    }
}
