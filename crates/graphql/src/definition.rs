//! The definitions of a schema as data: types by name, every part with its binding.

use indexmap::IndexMap;
use model::{ComponentId, TypeId};
use serde_json::Value as Json;

use crate::binding::{FieldBinding, InputBinding, ScalarRule, ValueBinding};

/// All types of a schema, and which of them are the roots.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    /// Types by name. Those that cannot be reached from the roots are not served; input types of components stay readable for
    /// [`ScalarRule::Element`].
    pub types: IndexMap<String, Definition>,
    /// Name of the query type.
    pub query: String,
    /// Name of the mutation type; the type has no fields when nothing can be written.
    pub mutation: String,
    /// Name of the subscription type, where there is one.
    pub subscription: Option<String>,
    /// Why what stands at a coordinate should not be used any more: `Type.field`, `Type.field.argument`, `Enum.WORD`, `Input.member`.
    pub deprecated: IndexMap<String, String>,
    /// Which version of each document a field shows that does not say so itself.
    pub versions: VersionRule,
}

/// How the version that a field asks for meets the fields below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VersionRule {
    /// A root says it, published where it says nothing, and hands it down.
    #[default]
    HandedDown,
    /// Each field says it for itself: the published version, else the draft, where it says nothing. A change keeps what is published
    /// published and what is a draft a draft, unless it says otherwise ([`crate::binding::InputBinding::PublishedAt`]).
    OfEachField,
}

/// One type.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Shown to API users.
    pub description: Option<String>,
    /// What it is.
    pub kind: Kind,
}

/// What a type is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Fields of an answer.
    Object {
        /// What it shows.
        stands: Stands,
        /// Its fields.
        fields: IndexMap<String, Field>,
    },
    /// Fields that several object types have.
    Interface {
        /// Interfaces that it implements itself.
        implements: Vec<String>,
        /// The object types that have it.
        members: Vec<String>,
        /// Its fields; what they mean is said by the members.
        fields: IndexMap<String, Field>,
    },
    /// Some of several object types.
    Union(Vec<String>),
    /// Members of an argument.
    Input(IndexMap<String, Input>),
    /// Words.
    Enum(IndexMap<String, EnumValue>),
    /// A scalar.
    Scalar(ScalarRule),
}

/// What an object type shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stands {
    /// A row of this content type.
    Row(TypeId),
    /// An element of this component.
    Element(ComponentId),
    /// Something around rows, elements or writes; a root.
    Around,
}

/// One field of an object type.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Shown to API users.
    pub description: Option<String>,
    /// Its arguments.
    pub arguments: IndexMap<String, Input>,
    /// Its type.
    pub of: TypeRef,
    /// What it means.
    pub binding: FieldBinding,
}

/// An argument, or a field of an input type.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Shown to API users.
    pub description: Option<String>,
    /// Its type.
    pub of: TypeRef,
    /// Its value where none is given. An enum's word is a text.
    pub default: Option<Json>,
    /// What it means.
    pub binding: InputBinding,
}

/// One value of an enum type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumValue {
    /// Shown to API users.
    pub description: Option<String>,
    /// What it means.
    pub binding: ValueBinding,
}

/// A type with its lists and `!`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TypeRef {
    /// By its name.
    Named(String),
    /// A list of it.
    List(Box<TypeRef>),
    /// Never null. The inner one is no `NonNull`.
    NonNull(Box<TypeRef>),
}

impl TypeRef {
    /// The type of this name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> TypeRef {
        TypeRef::Named(name.into())
    }

    /// A list of it.
    #[must_use]
    pub fn list(self) -> TypeRef {
        TypeRef::List(Box::new(self))
    }

    /// The same, never null.
    #[must_use]
    pub fn non_null(self) -> TypeRef {
        match self {
            TypeRef::NonNull(_) => self,
            TypeRef::Named(_) | TypeRef::List(_) => TypeRef::NonNull(Box::new(self)),
        }
    }

    /// The same, never null if `required`.
    #[must_use]
    pub fn required_if(self, required: bool) -> TypeRef {
        if required { self.non_null() } else { self }
    }

    /// Never null.
    #[must_use]
    pub fn is_non_null(&self) -> bool {
        matches!(self, TypeRef::NonNull(_))
    }

    /// Without its `!`.
    #[must_use]
    pub fn nullable(&self) -> &TypeRef {
        match self {
            TypeRef::NonNull(inner) => inner,
            TypeRef::Named(_) | TypeRef::List(_) => self,
        }
    }

    /// The items' type, if it is a list.
    #[must_use]
    pub fn item(&self) -> Option<&TypeRef> {
        match self.nullable() {
            TypeRef::List(item) => Some(item),
            TypeRef::Named(_) | TypeRef::NonNull(_) => None,
        }
    }

    /// The innermost name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            TypeRef::Named(name) => name,
            TypeRef::List(inner) | TypeRef::NonNull(inner) => inner.name(),
        }
    }
}

impl std::fmt::Display for TypeRef {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TypeRef::Named(name) => out.write_str(name),
            TypeRef::List(item) => write!(out, "[{item}]"),
            TypeRef::NonNull(inner) => write!(out, "{inner}!"),
        }
    }
}

impl Definitions {
    /// The type of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Definition> {
        self.types.get(name)
    }

    /// The fields of an object type or interface; none for another kind.
    #[must_use]
    pub fn fields(&self, name: &str) -> Option<&IndexMap<String, Field>> {
        match &self.get(name)?.kind {
            Kind::Object { fields, .. } | Kind::Interface { fields, .. } => Some(fields),
            Kind::Union(_) | Kind::Input(_) | Kind::Enum(_) | Kind::Scalar(_) => None,
        }
    }

    /// The members of an input type; none for another kind.
    #[must_use]
    pub fn inputs(&self, name: &str) -> Option<&IndexMap<String, Input>> {
        match &self.get(name)?.kind {
            Kind::Input(inputs) => Some(inputs),
            Kind::Union(_) | Kind::Interface { .. } | Kind::Object { .. } | Kind::Enum(_) | Kind::Scalar(_) => None,
        }
    }

    /// What a word of an enum type means.
    #[must_use]
    pub fn word(&self, name: &str, word: &str) -> Option<&ValueBinding> {
        match &self.get(name)?.kind {
            Kind::Enum(values) => values.get(word).map(|value| &value.binding),
            Kind::Union(_) | Kind::Interface { .. } | Kind::Object { .. } | Kind::Input(_) | Kind::Scalar(_) => None,
        }
    }

    /// How values of a scalar type are read.
    #[must_use]
    pub fn scalar(&self, name: &str) -> Option<&ScalarRule> {
        match &self.get(name)?.kind {
            Kind::Scalar(rule) => Some(rule),
            Kind::Union(_) | Kind::Interface { .. } | Kind::Object { .. } | Kind::Input(_) | Kind::Enum(_) => None,
        }
    }

    /// What an object type shows.
    #[must_use]
    pub fn stands(&self, name: &str) -> Option<Stands> {
        match &self.get(name)?.kind {
            Kind::Object { stands, .. } => Some(*stands),
            Kind::Union(_) | Kind::Interface { .. } | Kind::Enum(_) | Kind::Input(_) | Kind::Scalar(_) => None,
        }
    }

    /// The interfaces that an object type has, in their order.
    #[must_use]
    pub fn interfaces(&self, name: &str) -> Vec<&str> {
        let has = |kind: &Kind| match kind {
            Kind::Interface { members, .. } => members.iter().any(|member| member == name),
            Kind::Object { .. } | Kind::Union(_) | Kind::Input(_) | Kind::Enum(_) | Kind::Scalar(_) => false,
        };
        self.types.iter().filter(|(_, of)| has(&of.kind)).map(|(name, _)| name.as_str()).collect()
    }

    /// The object types that a type may be: its members, or itself.
    #[must_use]
    pub fn members<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        match self.get(name).map(|definition| &definition.kind) {
            Some(Kind::Union(members) | Kind::Interface { members, .. }) => {
                members.iter().map(String::as_str).collect()
            }
            Some(Kind::Object { .. } | Kind::Enum(_) | Kind::Input(_) | Kind::Scalar(_)) | None => vec![name],
        }
    }
}
