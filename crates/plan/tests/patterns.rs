//! `@pattern` holds for the whole text, not for some part of it.

use model::{Source, read};
use plan::{Content, Held, Value};

use plan::rules::{Patterns, Stage, check};

#[test]
fn a_pattern_must_match_the_whole_text() {
    let text = "type Item @model { code: String @pattern(regex: \"[A-Z]{3}|x\") }".to_owned();
    let model =
        read(vec![Source { name: "item.graphql".to_owned(), text }]).unwrap_or_else(|faults| panic!("{faults}"));
    let of = model.content_type(model.type_named("Item").expect("the type is declared"));
    let code = of.field_named("code").expect("the field is declared");
    let patterns = Patterns::of(&model);
    for (text, is_good) in
        [("ABC", true), ("x", true), ("ABCD", false), ("an ABC", false), ("ABC\n", false), ("", false)]
    {
        let content = Content { fields: vec![(code, Held::Value(Value::Text(text.into())))] };
        assert_eq!(check(&model, &patterns, of, &content, Stage::Create).is_empty(), is_good, "of {text:?}");
    }
}
