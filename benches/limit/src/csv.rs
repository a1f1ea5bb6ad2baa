//! Comma-separated values as our data sets use them: quotes where a field needs them, doubled inside; an empty field is a null.

/// The rows of a file, its first line included.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = Vec<Option<String>>> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut row = Vec::new();
        loop {
            let (value, after) = field(rest);
            row.push((!value.is_empty()).then_some(value));
            let is_last = !after.starts_with(',');
            rest = after.get(1..).unwrap_or_default();
            if is_last {
                return Some(row);
            }
        }
    })
}

/// One field, and the text that begins with the comma or the line's end behind it.
fn field(text: &str) -> (String, &str) {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([',', '\n']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    while let Some(end) = rest.find('"') {
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                value.push('"');
                rest = after;
            }
            None => break,
        }
    }
    (value, rest)
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn quotes_commas_and_nulls() {
        let found: Vec<_> = rows("a,b\n\"x, \"\"y\"\"\",\n,é\n").collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(found, [[some("a"), some("b")], [some("x, \"y\""), None], [None, some("é")]]);
    }
}
