//! Changes: the action on the type, the fields given, the links made, and the rule of the row before and after.

use model::{
    Action, ComponentId, Field, FieldId, FieldKind, MediaKind, Operator, Relation, SystemColumn, Target, TypeId,
};

use super::account::ACCOUNT;
use super::fields::{self, Fields};
use super::{Allowed, Env, forbidden};
use crate::{
    Answer, AnswerEntry, AnswerValue, Column, Comparison, Data, Filter, Find, Given, Hole, HoleId, HoleSource, Links,
    Locale, Losing, Operand, RefusedPart, RowRules, Status, Transform, ValueKind, Version, Write, WriteAction,
};

/// What the fields of given data belong to.
#[derive(Clone, Copy)]
enum Owner {
    Type(TypeId),
    Component(ComponentId),
}

impl Env<'_> {
    /// One change. An update that may make its document needs CREATE, too; one that publishes needs PUBLISH.
    pub(super) fn write(self, write: &mut Write, holes: &mut Vec<Hole>) -> Allowed {
        let of = write.of;
        let (mut actions, data, publishes) = match &mut write.action {
            WriteAction::Create { data, version, .. } => {
                (vec![Action::Create], Some(data), version.reaches_published(true))
            }
            WriteAction::Update { data, version, or_create: true, .. } => {
                (vec![Action::Update, Action::Create], Some(data), version.reaches_published(false))
            }
            WriteAction::Update { data, version, or_create: false, .. } => {
                (vec![Action::Update], Some(data), version.reaches_published(false))
            }
            WriteAction::Delete { .. } => (vec![Action::Delete], None, false),
        };
        let main = actions[0];
        actions.extend(publishes.then_some(Action::Publish));
        for action in &actions {
            self.demand(of, *action)?;
        }
        let version = self.written_version(of);
        let given = data.as_deref().map(fields::of_data).unwrap_or_default();
        if let Some(data) = data {
            for action in &actions {
                self.fields(of, *action, data)?;
            }
            self.data(Owner::Type(of), data, &version, holes)?;
        }
        self.found_by(of, &write.action)?;
        self.power((of, main), &given)?;
        let rules = actions.iter().map(|action| self.row_rule((of, *action), &version, &given, holes));
        let row = Filter::all_of(rules.collect::<Vec<_>>()).and(self.power_rule(of, &given, holes));
        write.rules = self.row_rules((of, row), &given, holes);
        if publishes {
            write.rules.publishing = self.publishing(of, holes);
        }
        Env { written: Some((of, main)), is_own: false, ..self }.answer(&mut write.answer, holes)
    }

    /// A document that is looked for by fields is filtered by them: the caller must see each.
    fn found_by(self, of: TypeId, action: &WriteAction) -> Allowed {
        let (WriteAction::Update { find, .. } | WriteAction::Delete { find, .. }) = action else { return Ok(()) };
        match find {
            Find::Unique(fields) => {
                fields.iter().try_for_each(|(field, _)| self.readable(of, Column::Field(*field), RefusedPart::Filter))
            }
            Find::DocumentId(_) | Find::Key(_) | Find::Entry(_) | Find::BesideEntry(_) | Find::Single => Ok(()),
        }
    }

    /// What is asked of the rows that a change touches, beside the one that it writes.
    fn row_rules(self, (of, row): (TypeId, Filter), given: &Fields, holes: &mut Vec<Hole>) -> RowRules {
        let losing = given.iter().filter_map(|field| self.losing((of, *field), holes)).collect();
        if row == Filter::All {
            return RowRules { losing, ..RowRules::default() };
        }
        let draft = self.written_version(of);
        let published = Version {
            status: if draft.status == Status::Draft { Status::Published } else { draft.status },
            ..draft.clone()
        };
        let seen_published = self.read_rule(of, &published, &Fields::new(), holes);
        let seen_draft = self.read_rule(of, &draft, &Fields::new(), holes);
        RowRules { row, seen_published, seen_draft, losing, publishing: Vec::new() }
    }

    /// Rows that lose a link by what is given to a two-way relation: UPDATE on the side that holds it, with its rule. None where nothing is asked of them.
    fn losing(self, (of, id): (TypeId, FieldId), holes: &mut Vec<Hole>) -> Option<Losing> {
        let relation = self.model.content_type(of).field(id).relation()?;
        let (other, held) = self.model.other_side(relation)?;
        let is_taken = self.model.holds_links(relation);
        let other_is_one = self.model.content_type(other).field(held).relation().is_some_and(|other| !other.many);
        if is_taken && !other_is_one {
            return None;
        }
        let (loser, field) = if is_taken { (of, id) } else { (other, held) };
        let rule = self.row_rule((loser, Action::Update), &self.written_version(loser), &Fields::from([field]), holes);
        (rule != Filter::All).then_some(Losing { field: id, of: loser, rule })
    }

    /// Rows of other types that hold this side's links: UPDATE of the field, with its rule. None where nothing is asked of them.
    fn publishing(self, of: TypeId, holes: &mut Vec<Hole>) -> Vec<Losing> {
        let fields = self.model.content_type(of).fields_by_id();
        let held = fields.filter_map(|(id, field)| Some((id, self.held_elsewhere(field.relation()?)?)));
        let asked = held.map(|(field, (other, held))| {
            let version = Version { status: Status::Published, ..self.written_version(other) };
            let status = if self.model.content_type(other).draft_and_publish { version.status } else { Status::Only };
            let version = Version { status, ..version };
            let rule = self.row_rule((other, Action::Update), &version, &Fields::from([held]), holes);
            Losing { field, of: other, rule }
        });
        asked.filter(|losing| losing.rule != Filter::All).collect()
    }

    pub(super) fn demand(self, of: TypeId, action: Action) -> Allowed {
        if self.policy.allows(of, action) { Ok(()) } else { Err(forbidden()) }
    }

    /// Every field that is given is one that a grant for the action reaches. Fields of the engine are nobody's: the product alone gives them.
    fn fields(self, of: TypeId, action: Action, data: &Data) -> Allowed {
        let content_type = self.model.content_type(of);
        let allowed = data.assignments.iter().all(|assignment| {
            let is_engine = content_type.field(assignment.field).engine;
            match assignment.given {
                Given::Engine(_) => is_engine,
                Given::Null
                | Given::Value(_)
                | Given::Increment(_)
                | Given::Append(_)
                | Given::Links(_)
                | Given::AddedLinks(_)
                | Given::TypedLinks(_)
                | Given::Elements(_) => !is_engine && self.policy.allows_field(of, action, assignment.field),
            }
        });
        if allowed { Ok(()) } else { Err(forbidden()) }
    }

    fn data(self, owner: Owner, data: &mut Data, version: &Version, holes: &mut Vec<Hole>) -> Allowed {
        for assignment in &mut data.assignments {
            let field = match owner {
                Owner::Type(of) => self.model.content_type(of).field(assignment.field),
                Owner::Component(of) => self.model.component(of).field(assignment.field),
            };
            match &mut assignment.given {
                Given::Null => self.linked(field)?,
                Given::Value(_) | Given::Engine(_) | Given::Increment(_) | Given::Append(_) => {}
                Given::Links(links) | Given::AddedLinks(links) => {
                    self.linked_or_own(field)?;
                    for of in self.relation_targets(field) {
                        self.visible((of, field), links, version, holes);
                    }
                    self.of_its_kinds(field, links, holes);
                }
                Given::TypedLinks(list) => {
                    self.linked(field)?;
                    for (of, links) in list {
                        self.visible((*of, field), links, version, holes);
                    }
                }
                Given::Elements(elements) => {
                    for element in elements {
                        self.data(Owner::Component(element.component), &mut element.data, version, holes)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A file of a kind that the field does not take is missing for the link.
    fn of_its_kinds(self, field: &Field, links: &mut Links, holes: &mut Vec<Hole>) {
        let Some((rule, of)) = field.relation().and_then(|relation| match (&relation.media, relation.target) {
            (Some(rule), Target::Type(of)) => Some((rule, of)),
            (Some(_) | None, _) => None,
        }) else {
            return;
        };
        let Some(mime) = self.model.content_type(of).field_named("mime") else { return };
        let mut begins = |word: &str| {
            let source = HoleSource::Literal(word.into());
            let (kind, transform) = (ValueKind::Text, Transform::Keep);
            holes.push(Hole { source, kind, list: false, transform, path: Vec::new() });
            let value = Operand::Hole(HoleId(u32::try_from(holes.len() - 1).unwrap_or(u32::MAX)));
            Filter::Compare(Comparison { column: Column::Field(mime), operator: Operator::StartsWith, value })
        };
        let words = [(MediaKind::Image, "image/"), (MediaKind::Video, "video/"), (MediaKind::Audio, "audio/")];
        let takes_files = rule.allow.contains(&MediaKind::File);
        // Everything else is a file: where files are taken, what is not is named, else what is.
        let named: Vec<Filter> = words
            .iter()
            .filter(|(kind, _)| rule.allow.contains(kind) != takes_files)
            .map(|(_, word)| begins(word))
            .collect();
        let kinds = match (takes_files, named.is_empty()) {
            (true, true) => return,
            (true, false) => Filter::Not(Box::new(Filter::Or(named))),
            (false, _) => Filter::Or(named),
        };
        links.visible = std::mem::replace(&mut links.visible, Filter::All).and(kinds);
    }

    /// A link needs FIND on every target, and UPDATE of its field on the target where that side holds the link.
    fn linked(self, field: &Field) -> Allowed {
        let Some(relation) = field.relation() else { return Ok(()) };
        self.targets(relation.target).into_iter().try_for_each(|of| self.demand(of, Action::Find))?;
        match self.held_elsewhere(relation) {
            Some((of, held)) if !self.policy.allows_field(of, Action::Update, held) => Err(forbidden()),
            Some(_) | None => Ok(()),
        }
    }

    /// The same, where the caller's own account is given: it needs no FIND, for everybody may see their own.
    fn linked_or_own(self, field: &Field) -> Allowed {
        let leads_to_accounts = self.relation_targets(field).iter().all(|of| self.is_named(*of, ACCOUNT));
        let is_held_here = field.relation().is_none_or(|relation| self.held_elsewhere(relation).is_none());
        if leads_to_accounts && is_held_here && self.policy.is_signed_in() { Ok(()) } else { self.linked(field) }
    }

    /// The caller's own account among all.
    fn is_own_account(holes: &mut Vec<Hole>) -> Filter {
        let source = HoleSource::Caller(vec!["id".to_owned()]);
        // Whoever has an id that is no key has no account.
        let (kind, transform) = (ValueKind::Int, Transform::NullIfOther);
        holes.push(Hole { source, kind, list: false, transform, path: Vec::new() });
        let value = Operand::Hole(HoleId(u32::try_from(holes.len() - 1).unwrap_or(u32::MAX)));
        let column = Column::System(SystemColumn::Key);
        Filter::Compare(Comparison { column, operator: Operator::Eq, value })
    }

    /// The other side of a relation, where it holds the links.
    fn held_elsewhere(self, relation: &Relation) -> Option<(TypeId, FieldId)> {
        self.model.other_side(relation).filter(|_| !self.model.holds_links(relation))
    }

    fn relation_targets(self, field: &Field) -> Vec<TypeId> {
        match &field.kind {
            FieldKind::Relation(relation) => self.targets(relation.target),
            FieldKind::Scalar { .. }
            | FieldKind::Enum { .. }
            | FieldKind::Component { .. }
            | FieldKind::Zone { .. } => Vec::new(),
        }
    }

    /// A document that the caller may not find is missing for the link; so is one that keeps the link and that it may not update.
    fn visible(self, (of, field): (TypeId, &Field), links: &mut Links, version: &Version, holes: &mut Vec<Hole>) {
        // A target without drafts has one version: whoever may find it may link it from a draft.
        let status = if self.model.content_type(of).draft_and_publish { version.status } else { Status::Only };
        let version = Version { status, ..version.clone() };
        let mut rule = self.read_rule(of, &version, &Fields::new(), holes);
        if self.is_named(of, ACCOUNT) && rule != Filter::All {
            rule = Filter::any_of([rule, Self::is_own_account(holes)]);
        }
        if let Some((_, held)) = field.relation().and_then(|relation| self.held_elsewhere(relation)) {
            rule = rule.and(self.row_rule((of, Action::Update), &version, &Fields::from([held]), holes));
        }
        links.visible = std::mem::replace(&mut links.visible, Filter::All).and(rule);
    }

    pub(super) fn answer(self, answer: &mut Answer, holes: &mut Vec<Hole>) -> Allowed {
        match answer {
            Answer::Row(select) => self.select(select, holes),
            Answer::Wrap(entries) => self.answer_entries(entries, holes),
        }
    }

    fn answer_entries(self, entries: &mut [AnswerEntry], holes: &mut Vec<Hole>) -> Allowed {
        for entry in entries {
            match &mut entry.value {
                AnswerValue::Constant(_)
                | AnswerValue::Echo(_)
                | AnswerValue::DocumentId
                | AnswerValue::Affected
                | AnswerValue::Made(_)
                | AnswerValue::MadeList(..) => {}
                AnswerValue::Wrap(inner) => self.answer_entries(inner, holes)?,
                AnswerValue::Row(select) => self.select(select, holes)?,
            }
        }
        Ok(())
    }

    /// Rules of rows look at the version that is written first: the draft, where there is one.
    fn written_version(self, of: TypeId) -> Version {
        let content_type = self.model.content_type(of);
        Version {
            status: if content_type.draft_and_publish { Status::Draft } else { Status::Only },
            locale: if content_type.localized { Locale::Inherited } else { Locale::Only },
            publication: None,
        }
    }
}
