//! Walking through JSON text that was checked when it was stored, without building anything.

/// The values of a list, as text.
pub(crate) fn items(list: &[u8]) -> Items<'_> {
    Items { rest: inside(list, b'[') }
}

/// The members of an object: name (as it stands between its quotes) and value, as text.
pub(crate) fn members(object: &[u8]) -> Members<'_> {
    Members { rest: inside(object, b'{') }
}

/// The value that a path of member names and list indexes leads to; a negative index counts from the end.
pub(crate) fn at<'a>(json: &'a [u8], path: &[String]) -> Option<&'a [u8]> {
    path.iter().try_fold(trim(json), |json, step| match json.first()? {
        b'{' => members(json).find(|(name, _)| is_name(name, step)).map(|(_, value)| value),
        b'[' => {
            let index: i64 = step.parse().ok()?;
            let index = if index < 0 { i64::try_from(items(json).count()).ok()? + index } else { index };
            items(json).nth(usize::try_from(index).ok()?)
        }
        _ => None,
    })
}

/// Whether the name between quotes in a stored text is this one.
pub(crate) fn is_name(stored: &[u8], name: &str) -> bool {
    if stored.contains(&b'\\') { unescaped(stored).is_some_and(|text| text == name) } else { stored == name.as_bytes() }
}

/// What stands between the quotes of a text, escapes resolved.
pub(crate) fn unescaped(inner: &[u8]) -> Option<String> {
    let quoted = [b"\"", inner, b"\""].concat();
    serde_json::from_slice(&quoted).ok()
}

/// Without spaces around.
pub(crate) fn trim(json: &[u8]) -> &[u8] {
    json.trim_ascii()
}

/// Values of a list.
pub(crate) struct Items<'a> {
    rest: &'a [u8],
}

/// Members of an object.
pub(crate) struct Members<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (value, rest) = next_value(self.rest)?;
        self.rest = rest;
        Some(value)
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let text = self.rest.trim_ascii_start();
        let end = text_end(text)?;
        let after = text[end..].trim_ascii_start().strip_prefix(b":")?;
        let (value, rest) = next_value(after)?;
        self.rest = rest;
        Some((&text[1..end - 1], value))
    }
}

/// What stands behind an opening bracket; nothing where another value stands.
fn inside(json: &[u8], open: u8) -> &[u8] {
    match json.trim_ascii_start().split_first() {
        Some((first, rest)) if *first == open => rest,
        _ => &[],
    }
}

/// The value in front, and what stands behind it and its comma.
fn next_value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = value_end(text)?;
    let rest = text[end..].trim_ascii_start();
    Some((&text[..end], rest.strip_prefix(b",").unwrap_or(rest)))
}

/// Length of the value in front.
fn value_end(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => text_end(text),
        b'{' | b'[' => {
            let mut depth = 0;
            let mut index = 0;
            while index < text.len() {
                match text[index] {
                    b'"' => index += text_end(&text[index..])? - 1,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                index += 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            None
        }
        b']' | b'}' => None,
        _ => Some(
            text.iter()
                .position(|byte| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace())
                .unwrap_or(text.len()),
        ),
    }
}

/// Length of the quoted text in front, both quotes included.
fn text_end(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'"') {
        return None;
    }
    let mut index = 1;
    loop {
        match text.get(index)? {
            b'"' => return Some(index + 1),
            b'\\' => index += 2,
            _ => index += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{at, items, members};

    fn check(json: &str, path: &[&str], wanted: Option<&str>) {
        let path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
        assert_eq!(
            at(json.as_bytes(), &path).map(|found| std::str::from_utf8(found).expect("a part of text is text")),
            wanted
        );
    }

    #[test]
    fn paths() {
        let json = r#" {"a" : [1, {"b\"c": "x]}"}, null], "ключ": true, "empty": [] } "#;
        check(json, &["a", "0"], Some("1"));
        check(json, &["a", "1", "b\"c"], Some("\"x]}\""));
        check(json, &["a", "-1"], Some("null"));
        check(json, &["a", "3"], None);
        check(json, &["a", "-4"], None);
        check(json, &["ключ"], Some("true"));
        check(json, &["ключ", "0"], None);
        check(json, &["empty", "0"], None);
        check(json, &["none"], None);
        check("5", &[], Some("5"));
    }

    #[test]
    fn lists_and_objects() {
        assert_eq!(items(b"[ ]").count(), 0);
        assert_eq!(items(b"[1,[2,3],{\"a\":[]}]").count(), 3);
        assert_eq!(members(b"{}").count(), 0);
        assert_eq!(members(b"7").count(), 0);
        assert_eq!(items(b"[1").count(), 1, "what is cut off ends the walk");
    }
}
