//! Unique keys of a seed, looked at before the database does: so a fault names its file and entry, and is one among all.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use model::TypeId;
use plan::Value;
use sql::layout::{RowCondition, STATUS_PUBLISHED, Table, UniqueLayout};

/// The values that rows of the seed have in unique keys: a hash of each.
#[derive(Default)]
pub(super) struct Uniques {
    seen: HashSet<u128>,
}

impl Uniques {
    /// Notes the row of a table, with a value for every column, and gives the keys that a row before it has alike.
    pub(super) fn broken<'l>(&mut self, of: TypeId, table: &'l Table, cells: &[Value]) -> Vec<&'l UniqueLayout> {
        let cell =
            |name: &str| table.columns.iter().position(|column| column.name == name).and_then(|index| cells.get(index));
        let counts = |condition: &RowCondition| match condition {
            RowCondition::Published => cell("_status") == Some(&Value::Int(STATUS_PUBLISHED)),
            // A seed puts nothing into the trash.
            RowCondition::NotDeleted => true,
            RowCondition::NotNull(name) => cell(name).is_some_and(|value| *value != Value::Null),
        };
        let mut broken = Vec::new();
        for (number, key) in table.unique.iter().enumerate().filter(|(_, key)| !key.fields.is_empty()) {
            let values: Vec<&Value> = key.columns.iter().filter_map(|name| cell(name)).collect();
            let is_free = !key.nulls_equal && values.contains(&&Value::Null);
            if !is_free && key.only.iter().all(counts) && !self.seen.insert(hash((of, number), &values)) {
                broken.push(key);
            }
        }
        broken
    }
}

/// 128 bits: of ten million values no two meet by chance.
fn hash((of, key): (TypeId, usize), values: &[&Value]) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, of.0, key).hash(&mut hasher);
        for value in values {
            match value {
                // 1.0 and 1.00 are one number.
                Value::Decimal(number) => number.normalize().to_string().hash(&mut hasher),
                Value::Text(text) => text.hash(&mut hasher),
                other => format!("{other:?}").hash(&mut hasher),
            }
        }
        u128::from(hasher.finish())
    };
    (half(0) << 64) | half(1)
}
