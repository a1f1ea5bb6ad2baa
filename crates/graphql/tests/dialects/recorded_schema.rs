//! The schemas of the Strapi dialects against those that servers of Strapi 5.54 and 4.26 printed for the same content types.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;

/// One line for each type, field, argument, value and member: what can be compared whatever the order.
fn lines(sdl: &str) -> BTreeSet<String> {
    let schema = Schema::parse(sdl, "sdl").unwrap_or_else(|error| panic!("{error}"));
    let mut lines = BTreeSet::new();
    for (name, of) in schema.types.iter().filter(|(_, of)| !of.is_built_in()) {
        match of {
            ExtendedType::Scalar(_) => drop(lines.insert(format!("scalar {name}"))),
            ExtendedType::Enum(of) => lines.extend(of.values.keys().map(|value| format!("enum {name} {value}"))),
            ExtendedType::Union(of) => {
                lines.extend(of.members.iter().map(|member| format!("union {name} {}", member.name)));
            }
            ExtendedType::InputObject(of) => lines.extend(of.fields.iter().map(|(field, input)| {
                let default = input.default_value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
                format!("input {name}.{field}: {}{default}", input.ty)
            })),
            ExtendedType::Object(of) => {
                for (field, definition) in &of.fields {
                    lines.insert(format!("type {name}.{field}: {}", definition.ty));
                    lines.extend(definition.arguments.iter().map(|input| {
                        let default =
                            input.default_value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
                        format!("type {name}.{field}({}: {}{default})", input.name, input.ty)
                    }));
                }
            }
            ExtendedType::Interface(_) => drop(lines.insert(format!("interface {name}"))),
        }
    }
    lines
}

/// Everything that differs stands in `differences.txt`, and each group of it with its reason in the dialect's page below `docs/dialects/`.
fn check(dialect: &str, recorded: &str) {
    let model = crate::projects::model_of(&["tests/conformance/", dialect, "/project"].concat());
    let schema = crate::projects::schema_of(&model, dialect);
    let recorded = lines(recorded);
    let ours = lines(schema.sdl());
    let missing = recorded.difference(&ours).map(|line| format!("- {line}"));
    let added = ours.difference(&recorded).map(|line| format!("+ {line}"));
    let met = missing.chain(added).collect::<Vec<_>>().join("\n") + "\n";
    crate::projects::check_file(&[dialect, "/differences.txt"].concat(), &met);
}

#[test]
fn strapi5_differs_from_the_recorded_schema_only_where_it_is_said() {
    check("strapi5", include_str!("../strapi5/recorded.graphql"));
}

#[test]
fn strapi4_differs_from_the_recorded_schema_only_where_it_is_said() {
    check("strapi4", include_str!("../strapi4/recorded.graphql"));
}

/// What the mode that shows fields of Strapi 4, too, adds to the schema.
#[test]
fn strapi5_adds_what_its_compatibility_mode_adds() {
    let model = crate::projects::model_of("tests/conformance/strapi5/project");
    let usual = lines(crate::projects::schema_of(&model, "strapi5").sdl());
    let options = graphql::dialect::Options { v4_compatibility: true, ..Default::default() };
    let ours = lines(crate::projects::schema_with(&model, "strapi5", options).sdl());
    let recorded = lines(include_str!("../strapi5/compatible.graphql"));
    let before = lines(include_str!("../strapi5/recorded.graphql"));
    let ours: BTreeSet<&String> = ours.difference(&usual).collect();
    let recorded: BTreeSet<&String> = recorded.difference(&before).collect();
    let missing = recorded.difference(&ours).map(|line| format!("- {line}"));
    let added = ours.difference(&recorded).map(|line| format!("+ {line}"));
    let met = missing.chain(added).collect::<Vec<_>>().join("\n") + "\n";
    crate::projects::check_file("strapi5/compatible_differences.txt", &met);
}
