//! Reads all origins of settings, and gathers every fault.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use model::{Diagnostic, Diagnostics, Place, Source};
use server::{EndpointSettings, ListenerSettings};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{DATABASE, DEFAULT_LOCALE, KEYS, Key, Kind, LOCALES, key_named, variable};
use super::value::{Value, from_text, from_toml};
use super::{Config, FILE_NAME, Origins};

/// How variables of settings begin.
const PREFIX: &str = "DRAGOMAN_";
/// The usual variable of database addresses, beside `DRAGOMAN_DATABASE`.
const DATABASE_URL: &str = "DATABASE_URL";

pub(super) fn read(origins: &Origins) -> Result<Config, Diagnostics> {
    let mut reading = Reading::default();
    for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
        reading.values.insert(key.name, default_of(key));
    }
    if let Some(text) = &origins.file {
        reading.file(text);
    }
    reading.environment(&origins.environment);
    for (name, text) in &origins.flags {
        reading.text(name, text, "command line", &format!("--{name} {text}"));
    }
    reading.default_locale();
    if reading.faults.is_empty() {
        return Ok(Config { values: reading.values, endpoints: reading.endpoints, listeners: reading.listeners });
    }
    Err(Diagnostics { list: reading.faults })
}

fn default_of(key: &Key) -> Value {
    if matches!(key.kind, Kind::Locales | Kind::Addresses | Kind::Origins) {
        return Value::Texts(Vec::new());
    }
    from_text(key.kind, key.default).expect("a test reads every default")
}

#[derive(Default)]
struct Reading {
    values: BTreeMap<&'static str, Value>,
    /// Where the values stand that were given.
    places: BTreeMap<&'static str, Place>,
    endpoints: Vec<EndpointSettings>,
    listeners: Vec<ListenerSettings>,
    faults: Vec<Diagnostic>,
}

/// The file, to make places of spans.
struct File {
    source: Arc<Source>,
}

impl File {
    fn place(&self, span: Range<usize>) -> Place {
        Place {
            source: Arc::clone(&self.source),
            start: span.start,
            end: span.end.max(span.start + 1).min(self.source.text.len()),
        }
    }
}

impl Reading {
    /// The default locale is one of the project's.
    fn default_locale(&mut self) {
        let (Some(Value::Text(default)), Some(Value::Texts(locales))) =
            (self.values.get(DEFAULT_LOCALE), self.values.get(LOCALES))
        else {
            return;
        };
        if locales.is_empty() || locales.contains(default) {
            return;
        }
        let message = format!("{LOCALES} does not name the default locale {default}");
        let place = self.places.get(LOCALES).cloned().unwrap_or_else(|| whole(FILE_NAME, &locales.join(", ")));
        let fault = Diagnostic::new(message, place);
        self.faults.push(fault.help(format!("add it, or set {DEFAULT_LOCALE} to one of them")));
    }

    fn file(&mut self, text: &str) {
        let file = File { source: Arc::new(Source { name: FILE_NAME.to_owned(), text: text.to_owned() }) };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let place = file.place(error.span().unwrap_or(0..0));
            self.faults.push(Diagnostic::new(format!("this is not TOML: {}", error.message()), place));
        }
        if errors.is_empty() {
            self.table(&file, "", table.get_ref());
        }
        self.faults.sort_by_key(|fault| fault.place.start);
    }

    fn table(&mut self, file: &File, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let full =
                if section.is_empty() { name.get_ref().to_string() } else { format!("{section}.{}", name.get_ref()) };
            match (full.as_str(), value.get_ref()) {
                ("endpoint", DeValue::Array(items)) => self.each(file, items, Self::endpoint),
                ("listen", DeValue::Array(items)) => self.each(file, items, Self::listener),
                (section, DeValue::Table(inner)) if sections().any(|known| known == section) => {
                    self.table(file, section, inner);
                }
                _key => self.entry(file, &full, name.span(), value),
            }
        }
    }

    fn entry(&mut self, file: &File, full: &str, name: Range<usize>, value: &Spanned<DeValue<'_>>) {
        let Some(key) = key_named(full) else {
            let fault = Diagnostic::new(format!("{full} is no key of {FILE_NAME}"), file.place(name));
            self.faults.push(match nearest(full) {
                Some(known) if !known.contains('.') && full.ends_with(&[".", known].concat()) => {
                    fault.help(format!("{known} is a key of no table: it stands above the first [table] of the file"))
                }
                Some(known) => fault.help(format!("did you mean {known}? `dragoman config` lists every key")),
                None => fault.help("`dragoman config` lists every key"),
            });
            return;
        };
        let place = file.place(value.span());
        match from_toml(key.kind, value.get_ref()) {
            Ok(value) => self.take(key, value, place),
            Err(met) => self.faults.push(wrong_value(key, &met, place)),
        }
    }

    fn take(&mut self, key: &Key, value: Value, place: Place) {
        self.values.insert(key.name, value);
        self.places.insert(key.name, place);
    }

    /// The items of `[[endpoint]]` or `[[listen]]`.
    fn each(&mut self, file: &File, items: &[Spanned<DeValue<'_>>], take: fn(&mut Self, &File, &Members<'_>)) {
        for item in items {
            match item.get_ref() {
                DeValue::Table(table) => take(self, file, &Members { table, place: file.place(item.span()) }),
                _other => self.faults.push(Diagnostic::new("this must be a table", file.place(item.span()))),
            }
        }
    }

    fn endpoint(&mut self, file: &File, members: &Members<'_>) {
        self.known_members(file, members, &["path", "dialects", "primary"]);
        let path = self.member_text(file, members, "path").unwrap_or_default();
        if !path.starts_with('/') || path.len() < 2 || path.ends_with('/') || path.contains(['{', '}', '?', '#']) {
            let place = members.place_of(file, "path");
            self.faults.push(Diagnostic::new(
                "`path` must begin with `/`, have a name behind it, and not end with `/`",
                place,
            ));
        }
        if self.endpoints.iter().any(|other| other.path == path) {
            self.faults
                .push(Diagnostic::new(format!("there are two endpoints at {path}"), members.place_of(file, "path")));
        }
        let mut dialects = self.dialects(file, members);
        if members.get("primary").is_some()
            && let Some(primary) = self.member_text(file, members, "primary")
        {
            if let Some(index) = dialects.iter().position(|dialect| *dialect == primary) {
                dialects[..=index].rotate_right(1);
            } else {
                let message = format!("`primary` names {primary}, which is not among the dialects");
                self.faults.push(Diagnostic::new(message, members.place_of(file, "primary")));
            }
        }
        self.endpoints.push(EndpointSettings { path, dialects });
    }

    fn dialects(&mut self, file: &File, members: &Members<'_>) -> Vec<String> {
        let place = members.place_of(file, "dialects");
        let Some(DeValue::Array(items)) = members.get("dialects").map(Spanned::get_ref) else {
            self.faults
                .push(Diagnostic::new("an endpoint needs `dialects`, a list of names", place).help(known_dialects()));
            return Vec::new();
        };
        let names: Vec<String> = items.iter().filter_map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
        if names.is_empty() || names.len() < items.len() {
            self.faults
                .push(Diagnostic::new("`dialects` must name at least one dialect", place).help(known_dialects()));
            return Vec::new();
        }
        for (name, item) in names.iter().zip(items) {
            if graphql::dialect::named(name).is_none() {
                let fault = Diagnostic::new(format!("there is no dialect {name:?}"), file.place(item.span()));
                self.faults.push(fault.help(known_dialects()));
            }
        }
        names
    }

    fn listener(&mut self, file: &File, members: &Members<'_>) {
        self.known_members(file, members, &["address", "endpoint"]);
        let endpoint = self.member_text(file, members, "endpoint");
        let Some(address) = self.member_text(file, members, "address") else { return };
        match (super::value::address(&address), endpoint) {
            (Ok(address), Some(endpoint)) => self.listeners.push(ListenerSettings { address, endpoint }),
            (Err(met), _) => {
                let place = members.place_of(file, "address");
                let message = format!("`address` must be {}, this is {met}", Kind::Address.words());
                self.faults.push(Diagnostic::new(message, place));
            }
            (Ok(_), None) => {}
        }
    }

    fn known_members(&mut self, file: &File, members: &Members<'_>, known: &[&str]) {
        for (name, _) in members.table {
            if !known.contains(&name.get_ref().as_ref()) {
                let fault =
                    Diagnostic::new(format!("`{}` has no meaning here", name.get_ref()), file.place(name.span()));
                self.faults.push(fault.help(format!("known here: {}", known.join(", "))));
            }
        }
    }

    fn member_text(&mut self, file: &File, members: &Members<'_>, name: &str) -> Option<String> {
        let text = members.get(name).and_then(|value| value.get_ref().as_str());
        if text.is_none() {
            self.faults.push(Diagnostic::new(format!("`{name}` must be given, as text"), members.place_of(file, name)));
        }
        text.map(str::to_owned)
    }

    fn environment(&mut self, environment: &[(String, String)]) {
        if let Some((_, text)) = environment.iter().find(|(name, _)| name == DATABASE_URL) {
            self.text(DATABASE, text, "environment", DATABASE_URL);
        }
        for key in KEYS {
            let name = variable(key);
            if let Some((_, text)) = environment.iter().find(|(other, _)| *other == name) {
                let shown = if matches!(key.kind, Kind::Secret | Kind::Key) { name } else { format!("{name}={text}") };
                self.text(key.name, text, "environment", &shown);
            }
        }
        let variables: Vec<String> = KEYS.iter().map(variable).collect();
        for (name, _) in environment.iter().filter(|(name, _)| name.starts_with(PREFIX) && !variables.contains(name)) {
            // What all of them begin with makes none alike.
            let end = name.strip_prefix(PREFIX).unwrap_or(name);
            let ends: Vec<&str> = variables.iter().filter_map(|known| known.strip_prefix(PREFIX)).collect();
            let begun = ends.iter().copied().find(|known| known.starts_with(&[end, "_"].concat()));
            let meant = begun.or_else(|| model::naming::nearest(end, ends));
            let help = match meant {
                Some(known) => {
                    format!("did you mean {PREFIX}{known}? `dragoman config` lists every key with its variable")
                }
                None if is_of_a_section(name) => "`dragoman config` lists every key with its variable".to_owned(),
                // Variables of others may begin alike.
                None => continue,
            };
            let fault = Diagnostic::new(format!("{name} sets no key"), whole("environment", name));
            self.faults.push(fault.help(help));
        }
    }

    fn text(&mut self, name: &str, text: &str, origin: &str, shown: &str) {
        let key = key_named(name).expect("callers give names of keys");
        match from_text(key.kind, text) {
            Ok(value) => self.take(key, value, whole(origin, shown)),
            Err(met) => self.faults.push(wrong_value(key, &met, whole(origin, shown))),
        }
    }
}

/// The members of one `[[..]]` table.
struct Members<'a> {
    table: &'a DeTable<'a>,
    place: Place,
}

impl Members<'_> {
    fn get(&self, name: &str) -> Option<&Spanned<DeValue<'_>>> {
        self.table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
    }

    fn place_of(&self, file: &File, name: &str) -> Place {
        self.get(name).map_or_else(|| self.place.clone(), |value| file.place(value.span()))
    }
}

fn wrong_value(key: &Key, met: &str, place: Place) -> Diagnostic {
    Diagnostic::new(format!("{} takes {}, this is {met}", key.name, key.kind.words()), place).help(key.about)
}

/// A place for what stands in no file.
fn whole(origin: &str, text: &str) -> Place {
    let source = Source { name: origin.to_owned(), text: text.to_owned() };
    Place { start: 0, end: text.len(), source: Arc::new(source) }
}

/// Sections of the file, as often as they have keys; a variable that begins with one of them must name a key.
fn sections() -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter_map(|key| key.name.split_once('.')).map(|(section, _)| section)
}

fn is_of_a_section(variable: &str) -> bool {
    sections().any(|section| variable.starts_with(&format!("{PREFIX}{}_", section.to_uppercase())))
}

fn nearest(name: &str) -> Option<&'static str> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let by_last = KEYS.iter().find(|key| last(key.name) == last(name)).map(|key| key.name);
    by_last.or_else(|| model::naming::nearest(name, KEYS.iter().map(|key| key.name)))
}

fn known_dialects() -> String {
    let names: Vec<&str> = graphql::dialect::ALL.iter().map(|dialect| dialect.name).collect();
    format!("known dialects: {}", names.join(", "))
}
