//! The shape of rich text kept as blocks.
//!
//! Source: strapi.md 7.4: "Block node is of invalid type" and shape errors; link URLs only http, https, ftp, mailto, tel.

use serde_json::{Map, Value as Json};

use crate::Segment;

/// Nesting of lists, so that a hostile text cannot exhaust the stack.
const DEPTH_MAX: usize = 32;
const SCHEMES: [&str; 5] = ["http:", "https:", "ftp:", "mailto:", "tel:"];

type Found = Vec<(Vec<Segment>, String, Json)>;

/// What is wrong with a JSON text of blocks: where, what, and the node.
pub(super) fn faults(text: &str) -> Found {
    let mut walk = Walk { path: Vec::new(), found: Vec::new() };
    match serde_json::from_str(text) {
        Ok(Json::Array(nodes)) => walk.each(&nodes, Walk::block),
        Ok(other) => walk.fault("Blocks must be a list", &other),
        Err(_) => walk.fault("Blocks must be a list", &Json::Null),
    }
    walk.found
}

struct Walk {
    path: Vec<Segment>,
    found: Found,
}

impl Walk {
    fn fault(&mut self, problem: &str, node: &Json) {
        self.found.push((self.path.clone(), problem.to_owned(), node.clone()));
    }

    fn each(&mut self, nodes: &[Json], check: fn(&mut Walk, &Json)) {
        for (index, node) in nodes.iter().enumerate() {
            self.path.push(Segment::Index(index));
            check(self, node);
            self.path.pop();
        }
    }

    fn children(&mut self, node: &Json, check: fn(&mut Walk, &Json)) {
        self.path.push(Segment::Key("children".to_owned()));
        match node.get("children") {
            Some(Json::Array(children)) if children.is_empty() => {
                self.fault("Children must have at least one node", node);
            }
            Some(Json::Array(children)) => self.each(children, check),
            Some(_) | None => self.fault("Children must be a list", node),
        }
        self.path.pop();
    }

    fn block(&mut self, node: &Json) {
        match type_of(node) {
            Some("paragraph" | "quote" | "code") => self.children(node, Walk::inline),
            Some("heading") => {
                if !node.get("level").and_then(Json::as_i64).is_some_and(|level| (1..=6).contains(&level)) {
                    self.fault("Heading level must be between 1 and 6", node);
                }
                self.children(node, Walk::inline);
            }
            Some("list") => self.list(node),
            Some("image") => self.image(node),
            Some(_) | None => self.fault("Block node is of invalid type", node),
        }
    }

    fn list(&mut self, node: &Json) {
        if self.path.len() > DEPTH_MAX {
            return self.fault("Lists are nested too deep", &Json::Null);
        }
        if !matches!(node.get("format").and_then(Json::as_str), Some("ordered" | "unordered")) {
            self.fault("List format must be ordered or unordered", node);
        }
        self.children(node, Walk::item);
    }

    fn item(&mut self, node: &Json) {
        match type_of(node) {
            Some("list-item") => self.children(node, Walk::inline),
            Some("list") => self.list(node),
            Some(_) | None => self.fault("List item node is of invalid type", node),
        }
    }

    fn image(&mut self, node: &Json) {
        let image = node.get("image").and_then(Json::as_object);
        let is_text = |image: &Map<String, Json>, name: &str| image.get(name).is_some_and(Json::is_string);
        if !image.is_some_and(|image| is_text(image, "name") && is_text(image, "url")) {
            self.fault("Image must have a name and a url", node);
        }
    }

    fn inline(&mut self, node: &Json) {
        match type_of(node) {
            Some("text") => self.text(node),
            Some("link") => {
                if !node.get("url").and_then(Json::as_str).is_some_and(is_link) {
                    self.fault("Please specify a valid link.", node);
                }
                self.children(node, Walk::text_node);
            }
            Some(_) | None => self.fault("Inline node must be Text or Link", node),
        }
    }

    fn text_node(&mut self, node: &Json) {
        if type_of(node) == Some("text") {
            self.text(node);
        } else {
            self.fault("Children of a link must be Text", node);
        }
    }

    fn text(&mut self, node: &Json) {
        if !node.get("text").is_some_and(Json::is_string) {
            self.fault("Text must be a string", node);
        }
        for mark in ["bold", "italic", "underline", "strikethrough", "code"] {
            if node.get(mark).is_some_and(|value| !value.is_boolean() && !value.is_null()) {
                self.fault("Text mark must be true or false", node);
            }
        }
    }
}

fn type_of(node: &Json) -> Option<&str> {
    node.get("type").and_then(Json::as_str)
}

/// Relative links are allowed, links of other schemes (`javascript:`) are not. Control characters would hide a scheme.
fn is_link(url: &str) -> bool {
    if url.is_empty() || url.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return false;
    }
    let folded = url.to_ascii_lowercase();
    match folded.find(':') {
        Some(colon) if !folded[..colon].contains(['/', '?', '#']) => SCHEMES.contains(&&folded[..=colon]),
        Some(_) | None => true,
    }
}
