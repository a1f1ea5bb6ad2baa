//! What GraphQL's validation says, in the words of this language and with the fix. The version of the validator is pinned, so its
//! names of faults and the words it puts between backticks can be relied on; the cases in `tests/faults` would show a change.

use apollo_compiler::ast::DirectiveLocation;
use apollo_compiler::{Name, Schema};

use crate::{Place, naming};

/// A fault that the validator met.
pub(super) struct Met<'a> {
    /// The validator's name for this kind of fault, if it has one.
    pub(super) name: Option<&'static str>,
    /// Its own sentence.
    pub(super) message: String,
    /// What it underlines.
    pub(super) place: &'a Place,
}

/// The parser's names of signs, and the signs.
const SIGNS: [(&str, &str); 12] = [
    ("R_CURLY", "`}`"),
    ("L_CURLY", "`{`"),
    ("R_PAREN", "`)`"),
    ("L_PAREN", "`(`"),
    ("R_BRACK", "`]`"),
    ("L_BRACK", "`[`"),
    ("COLON", "`:`"),
    ("EOF", "the end of the file"),
    ("Field Definition", "a field"),
    ("Enum Value Definition", "a word of the enum"),
    ("Input Value Definition", "an argument"),
    ("a Type", "a type"),
];

/// What the parser says of a text that is no SDL: the sentence and the fix.
pub(super) fn syntax(message: &str) -> (String, &'static str) {
    let what = message.strip_prefix("syntax error: ").unwrap_or(message);
    if what.starts_with("unterminated string") {
        return ("this is not SDL: the text that begins here has no closing quote".to_owned(), "end it with `\"`");
    }
    let what = SIGNS.iter().fold(what.to_owned(), |what, (name, sign)| what.replace(name, sign));
    let help = "a field is written `name: Type`, a directive `@name(argument: value)`";
    (format!("this is not SDL: {what}"), help)
}

/// The sentence and the fix; nothing for what is no fault of a project.
pub(super) fn of(met: &Met, schema: &Schema) -> Option<(String, Option<String>)> {
    let word = met.place.text().trim_start_matches('@').split(['(', ' ', ':', '\n']).next().unwrap_or_default();
    let quoted: Vec<&str> = met.message.split('`').skip(1).step_by(2).collect();
    let as_said = |help: String| Some((met.message.clone(), Some(help)));
    match met.name {
        // The generated dialects bring their roots.
        Some("QueryRootOperationType") => None,
        Some("UndefinedDefinition") => Some((format!("there is no type `{word}`"), type_help(word, schema))),
        Some("UndefinedDirective") => Some((format!("there is no directive `@{word}`"), directive_help(word, schema))),
        Some("UnsupportedLocation") => Some((format!("@{word} cannot stand here"), Some(location_help(word, schema)))),
        Some("UniqueDirective") => Some((format!("@{word} stands here twice"), Some("keep one of them".to_owned()))),
        Some("UndefinedArgument") => {
            let directive = quoted.get(1).copied().unwrap_or_default();
            Some((format!("`{directive}` has no argument `{word}`"), Some(argument_help(word, directive, schema))))
        }
        Some("RequiredArgument") => {
            let coordinate = quoted.first().copied().unwrap_or_default();
            let message = format!("the argument `{coordinate}` is missing");
            Some((message, Some(format!("write `{}`", coordinate.replace(":)", ": …)")))))
        }
        Some("UndefinedEnumValue") => {
            let name = quoted.get(1).copied().unwrap_or_default();
            Some((format!("`{name}` has no word `{word}`"), Some(enum_help(word, name, schema))))
        }
        Some("UnsupportedValueType") => as_said(value_help(&met.message).to_owned()),
        Some("MissingInterfaceField") => as_said("add the field to the type".to_owned()),
        _ if met.message.starts_with("duplicate definitions") => as_said("remove one of them".to_owned()),
        _ => Some((met.message.clone(), None)),
    }
}

fn type_help(word: &str, schema: &Schema) -> Option<String> {
    let known = schema.types.keys().map(Name::as_str).filter(|name| !name.starts_with("__"));
    naming::nearest(word, known).map(|name| format!("did you mean `{name}`?"))
}

fn directive_help(word: &str, schema: &Schema) -> Option<String> {
    let known = schema.directive_definitions.keys().map(Name::as_str);
    naming::nearest(word, known).map(|name| format!("did you mean `@{name}`?"))
}

/// Where the directive may stand.
fn location_help(word: &str, schema: &Schema) -> String {
    let locations = schema.directive_definitions.get(word).map(|of| of.locations.as_slice()).unwrap_or_default();
    let words: Vec<&str> = locations.iter().map(|location| location_word(*location)).collect();
    format!("it stands on {}", words.join(" or "))
}

fn location_word(location: DirectiveLocation) -> &'static str {
    match location {
        DirectiveLocation::Schema => "the schema",
        DirectiveLocation::Scalar => "scalars",
        DirectiveLocation::Object => "types",
        DirectiveLocation::FieldDefinition => "fields",
        DirectiveLocation::ArgumentDefinition => "arguments",
        DirectiveLocation::Interface => "interfaces",
        DirectiveLocation::Union => "unions",
        DirectiveLocation::Enum => "enums",
        DirectiveLocation::EnumValue => "words of enums",
        DirectiveLocation::InputObject => "inputs",
        DirectiveLocation::InputFieldDefinition => "fields of inputs",
        DirectiveLocation::Query
        | DirectiveLocation::Mutation
        | DirectiveLocation::Subscription
        | DirectiveLocation::Field
        | DirectiveLocation::FragmentDefinition
        | DirectiveLocation::FragmentSpread
        | DirectiveLocation::InlineFragment
        | DirectiveLocation::VariableDefinition => "operations of clients",
    }
}

fn argument_help(word: &str, directive: &str, schema: &Schema) -> String {
    let definition = schema.directive_definitions.get(directive.trim_start_matches('@'));
    let known: Vec<&str> =
        definition.iter().flat_map(|of| &of.arguments).map(|argument| argument.name.as_str()).collect();
    match naming::nearest(word, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "write it without arguments".to_owned(),
        None => format!("it has {}", known.join(", ")),
    }
}

fn enum_help(word: &str, name: &str, schema: &Schema) -> String {
    let known: Vec<&str> = schema.get_enum(name).iter().flat_map(|of| of.values.keys()).map(Name::as_str).collect();
    match naming::nearest(word, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("it has {}", known.join(", ")),
    }
}

fn value_help(message: &str) -> &'static str {
    let expected = message.trim_start_matches("expected value of type ").split(',').next().unwrap_or_default();
    match expected.trim_end_matches('!') {
        "Int" => "write a whole number without quotes",
        "String" => "write a text in quotes",
        "Boolean" => "write true or false",
        _ if expected.starts_with('[') => "write a list in brackets",
        _ => "write a value of that type",
    }
}
