//! Lists in parentheses.

/// `(word word (list) "text")`.
#[derive(Debug, Clone, Default)]
pub struct List(Vec<Item>);

#[derive(Debug, Clone)]
enum Item {
    Word(String),
    List(List),
}

/// Reads one list.
pub fn parse(text: &str) -> List {
    let without_comments: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with(';')).collect();
    let spaced = without_comments.join(" ").replace('(', " ( ").replace(')', " ) ");
    let mut stack = vec![List::default()];
    for token in spaced.split_whitespace() {
        match token {
            "(" => stack.push(List::default()),
            ")" => {
                let done = stack.pop().expect("an opened list");
                stack.last_mut().expect("`)` without `(`").0.push(Item::List(done));
            }
            word => stack.last_mut().unwrap().0.push(Item::Word(word.to_owned())),
        }
    }
    assert_eq!(stack.len(), 1, "`(` without `)`");
    stack[0].list(0).clone()
}

impl List {
    /// The word at this place; empty where a list or nothing stands.
    pub fn word(&self, index: usize) -> &str {
        match self.0.get(index) {
            Some(Item::Word(word)) => word,
            Some(Item::List(_)) | None => "",
        }
    }

    /// The list at this place.
    pub fn list(&self, index: usize) -> &List {
        match self.0.get(index) {
            Some(Item::List(list)) => list,
            Some(Item::Word(word)) => panic!("a list instead of `{word}`"),
            None => panic!("a list at {index} of {self:?}"),
        }
    }

    /// The list at the end.
    pub fn last(&self) -> &List {
        self.list(self.0.len() - 1)
    }

    /// The words behind the first.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().skip(1).filter_map(|item| match item {
            Item::Word(word) => Some(word.as_str()),
            Item::List(_) => None,
        })
    }

    /// The lists in it.
    pub fn lists(&self) -> impl Iterator<Item = &List> {
        self.0.iter().filter_map(|item| match item {
            Item::List(list) => Some(list),
            Item::Word(_) => None,
        })
    }

    /// The list in it that begins with this word.
    pub fn find(&self, word: &str) -> &List {
        self.lists().find(|list| list.word(0) == word).unwrap_or_else(|| panic!("no ({word} ..) in {self:?}"))
    }

    /// What stands from this place on, as a list.
    pub fn tail(&self, from: usize) -> List {
        List(self.0[from..].to_vec())
    }
}
