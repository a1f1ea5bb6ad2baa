//! `@allow` on content types and jobs: who may do what, with which rows and fields.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::schema::ObjectType;

use super::conditions::{self, Scope};
use super::{Env, Faults, arguments, keys};
use crate::{Action, ContentType, Diagnostic, FieldId, Model, Rule, TypeId};

pub(super) fn read(env: &Env, model: &mut Model, faults: &mut Faults) {
    for index in 0..model.types.len() {
        let type_id = TypeId(u16::try_from(index).expect("DEFINITIONS_MAX is below u16"));
        let object = env.schema.get_object(&model.content_type(type_id).name);
        let directives = object.into_iter().flat_map(|object| object.directives.get_all("allow"));
        let rules: Vec<Rule> = directives.map(|directive| rule(env, model, type_id, directive, faults)).collect();
        model.types[index].rules = rules;
    }
}

/// The rules of a job: who may see it, launch it, cancel its runs and operate them.
pub(super) fn of_job(env: &Env, object: &ObjectType, faults: &mut Faults) -> Vec<Rule> {
    object.directives.get_all("allow").map(|directive| job_rule(env, &object.name, directive, faults)).collect()
}

fn job_rule(env: &Env, job: &str, directive: &Node<Directive>, faults: &mut Faults) -> Rule {
    for argument in ["where", "fields"] {
        if directive.specified_argument_by_name(argument).is_some() {
            let message = format!("`{job}` is a job and has no rows, so `{argument}` says nothing");
            let fault = Diagnostic::new(message, arguments::place(env, directive, argument));
            faults.push(fault.help("leave it out"));
        }
    }
    let mut list: Vec<Action> = Vec::new();
    for (word, node) in arguments::words(env, directive, "to").unwrap_or_default() {
        let Some(action) = action(word) else { continue };
        if !matches!(action, Action::Find | Action::Launch | Action::Cancel | Action::Operate) {
            let message = format!("{word} is for content, and `{job}` is a job");
            let fault = Diagnostic::new(message, env.texts.place(node.location()));
            faults.push(fault.help("FIND, LAUNCH, CANCEL and OPERATE are for jobs"));
        } else if !list.contains(&action) {
            list.push(action);
        }
    }
    if list.is_empty() {
        let message = format!("this rule of `{job}` allows nothing");
        let fault = Diagnostic::new(message, arguments::place(env, directive, "to"));
        faults.push(fault.help("name actions, or remove the rule: what no rule allows is refused"));
    }
    Rule { role: role(env, directive, faults), actions: list, condition: None, fields: None }
}

fn rule(env: &Env, model: &Model, type_id: TypeId, directive: &Node<Directive>, faults: &mut Faults) -> Rule {
    let of = model.content_type(type_id);
    let role = role(env, directive, faults);
    let condition = arguments::value(env, directive, "where")
        .and_then(|written| conditions::read(env, model, Scope::Type(type_id), written, faults));
    Rule { role, actions: actions(env, of, directive, faults), condition, fields: fields(env, of, directive, faults) }
}

fn role(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> String {
    let role = arguments::text(env, directive, "role").unwrap_or_default();
    if role.is_empty() || role.contains(char::is_whitespace) {
        let fault =
            Diagnostic::new(format!("\"{role}\" is no name of a role"), arguments::place(env, directive, "role"));
        faults.push(fault.help(
            "write one word; `public` is everybody without a token, `authenticated` whoever has made an account",
        ));
    }
    role.to_owned()
}

fn actions(env: &Env, of: &ContentType, directive: &Node<Directive>, faults: &mut Faults) -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    let words = arguments::words(env, directive, "to").unwrap_or_default();
    let allows_nothing = words.is_empty();
    for (word, node) in words {
        let Some(action) = action(word) else { continue };
        if matches!(action, Action::Launch | Action::Cancel | Action::Operate) {
            let fault = Diagnostic::new(
                format!("{word} is for jobs, and `{}` is a content type", of.name),
                env.texts.place(node.location()),
            );
            faults.push(fault.help("FIND, READ_DRAFT, CREATE, UPDATE, DELETE and PUBLISH are for content"));
        } else if !actions.contains(&action) {
            actions.push(action);
        }
    }
    if allows_nothing {
        let fault = Diagnostic::new(
            format!("this rule of `{}` allows nothing", of.name),
            arguments::place(env, directive, "to"),
        );
        faults.push(fault.help("name actions, or remove the rule: what no rule allows is refused"));
    }
    let is_of_drafts = |action: &Action| matches!(action, Action::Publish | Action::ReadDraft);
    if !of.draft_and_publish && !actions.is_empty() && actions.iter().all(is_of_drafts) {
        let fault = Diagnostic::new(
            format!(
                "PUBLISH and READ_DRAFT are for types with drafts, and `{}` has none: this rule allows nothing",
                of.name
            ),
            arguments::place(env, directive, "to"),
        );
        faults.push(fault.help("remove the rule, or give the type drafts with @model(draftAndPublish: true)"));
    }
    actions
}

fn action(word: &str) -> Option<Action> {
    Some(match word {
        "FIND" => Action::Find,
        "READ_DRAFT" => Action::ReadDraft,
        "CREATE" => Action::Create,
        "UPDATE" => Action::Update,
        "DELETE" => Action::Delete,
        "PUBLISH" => Action::Publish,
        "LAUNCH" => Action::Launch,
        "CANCEL" => Action::Cancel,
        "OPERATE" => Action::Operate,
        // Any other word was refused by GraphQL's validation.
        _ => return None,
    })
}

/// The fields that the rule holds for; system columns always go with the row.
fn fields(env: &Env, of: &ContentType, directive: &Node<Directive>, faults: &mut Faults) -> Option<Vec<FieldId>> {
    let words = arguments::words(env, directive, "fields")?;
    let mut fields: Vec<FieldId> = Vec::new();
    for (word, node) in words {
        let place = env.texts.place(node.location());
        if let Some(found) = keys::find(env, of, word, &place, faults).filter(|found| !fields.contains(found)) {
            fields.push(found);
        }
    }
    Some(fields)
}
