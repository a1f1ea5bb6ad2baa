//! What in one model is what in the other: by name, else by a former name.

use crate::{Component, ComponentId, ContentType, Enum, EnumId, EnumValue, Field, FieldId, Model, TypeId};

/// Something that has a name and may have had others.
pub(super) trait Named {
    fn name(&self) -> &str;
    fn former(&self) -> &[String];
}

macro_rules! named {
    ($($kind:ty),+) => { $(
        impl Named for $kind {
            fn name(&self) -> &str {
                &self.name
            }
            fn former(&self) -> &[String] {
                &self.renamed_from
            }
        }
    )+ };
}
named!(ContentType, Component, Enum, EnumValue, Field);

/// For each thing after, the index of the same thing before. A name that is in both models is the same thing, whatever was renamed.
pub(super) fn same<T: Named>(before: &[T], after: &[T]) -> Vec<Option<usize>> {
    let find = |name: &str| before.iter().position(|of| of.name() == name);
    let mut found: Vec<Option<usize>> = after.iter().map(|of| find(of.name())).collect();
    for (index, of) in after.iter().enumerate() {
        if found[index].is_none() {
            let free = of.former().iter().filter_map(|name| find(name)).find(|at| !found.contains(&Some(*at)));
            found[index] = free;
        }
    }
    found
}

/// The same things of two models, each list by the ids after.
pub(super) struct Matches {
    types: Vec<Option<TypeId>>,
    components: Vec<Option<ComponentId>>,
    enums: Vec<Option<EnumId>>,
}

impl Matches {
    pub(super) fn of(before: &Model, after: &Model) -> Matches {
        let id = |at: usize| u16::try_from(at).expect("a model has fewer definitions than u16 counts");
        let types = same(&before.types, &after.types);
        let components = same(&before.components, &after.components);
        let enums = same(&before.enums, &after.enums);
        Matches {
            types: types.into_iter().map(|at| at.map(|at| TypeId(id(at)))).collect(),
            components: components.into_iter().map(|at| at.map(|at| ComponentId(id(at)))).collect(),
            enums: enums.into_iter().map(|at| at.map(|at| EnumId(id(at)))).collect(),
        }
    }

    /// What the content type was before; none when it is new.
    pub(super) fn type_before(&self, after: TypeId) -> Option<TypeId> {
        self.types[usize::from(after.0)]
    }

    /// What the component was before; none when it is new.
    pub(super) fn component_before(&self, after: ComponentId) -> Option<ComponentId> {
        self.components[usize::from(after.0)]
    }

    /// What the enum was before; none when it is new.
    pub(super) fn enum_before(&self, after: EnumId) -> Option<EnumId> {
        self.enums[usize::from(after.0)]
    }
}

/// The same fields of two lists as pairs of ids, in the order of the text after.
pub(super) fn field_pairs(before: &[Field], after: &[Field]) -> Vec<(Option<FieldId>, FieldId)> {
    let id = |at: usize| FieldId(u16::try_from(at).expect("FIELDS_MAX is below u16"));
    same(before, after).into_iter().enumerate().map(|(at, found)| (found.map(id), id(at))).collect()
}
