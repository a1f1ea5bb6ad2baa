//! Values to compare with, and how.

use model::Operator;
use plan::ValueKind;
use serde_json::{Value as Json, json};

use super::Draw;

const TEXTS: [&str; 12] = ["a", "Pizza", "e", "%", "_", "żółw", "ß", "", "A", "flow", "\\", "2"];
const PATTERNS: [&str; 8] = ["%a%", "a_%", "%e", "P%", "_%_%_", "%\\%%", "%İ%", ""];
const EXPRESSIONS: [&str; 6] = ["a", "^[A-P]", "e$", "(i|o)z", "[0-9]+", "\\."];

impl Draw<'_> {
    /// An operator that a kind has, and a value for it.
    pub(super) fn comparison(&mut self, kind: ValueKind) -> (Operator, Json) {
        match kind {
            ValueKind::Text | ValueKind::Word(_) => self.of_text(),
            ValueKind::Boolean => (self.one(&[Operator::Eq, Operator::Ne]), self.one(&[json!(true), json!(false)])),
            ValueKind::Json => self.of_json(),
            ValueKind::Int => self.of_ordered(&[json!(0), json!(1), json!(15), json!(-3), json!(400)]),
            ValueKind::Float => self.of_ordered(&[json!(4.5), json!(0), json!(-1.25), json!(1e10)]),
            ValueKind::Decimal => {
                self.of_ordered(&[json!("8.25"), json!("0"), json!("8.250"), json!("-7"), json!("1000")])
            }
            ValueKind::Date => self.of_ordered(&[json!("2001-05-14"), json!("2024-02-29"), json!("1900-01-01")]),
            ValueKind::Time => self.of_ordered(&[json!("11:30:00.000"), json!("00:00:00"), json!("23:59:59.999")]),
            ValueKind::DateTime => self.of_ordered(&[
                json!("2024-01-01T00:24:00.000Z"),
                json!("2019-06-01T00:00:00Z"),
                json!("2023-11-02T09:15:00.000Z"),
            ]),
            ValueKind::Interval => self.of_ordered(&[json!("1 day"), json!("02:00:00"), json!("24:00:00")]),
            ValueKind::Uuid => self.of_ordered(&[
                json!("00000000-0000-0000-0000-000000000001"),
                json!("8a0f6c5e-0000-4000-8000-000000000000"),
            ]),
        }
    }

    fn of_ordered(&mut self, values: &[Json]) -> (Operator, Json) {
        let operator = self.one(&[
            Operator::Eq,
            Operator::Ne,
            Operator::Lt,
            Operator::Lte,
            Operator::Gt,
            Operator::Gte,
            Operator::In,
            Operator::NotIn,
            Operator::Between,
        ]);
        (operator, self.value_for(operator, values))
    }

    fn value_for(&mut self, operator: Operator, values: &[Json]) -> Json {
        match operator {
            Operator::In | Operator::NotIn => (0..self.below(3)).map(|_| self.one(values)).collect(),
            Operator::Between => json!([self.one(values), self.one(values)]),
            _ => self.one(values),
        }
    }

    fn of_text(&mut self) -> (Operator, Json) {
        let operator = self.one(&[
            Operator::Eq,
            Operator::EqFold,
            Operator::Ne,
            Operator::NeFold,
            Operator::Lt,
            Operator::Gte,
            Operator::In,
            Operator::NotIn,
            Operator::Contains,
            Operator::NotContains,
            Operator::ContainsFold,
            Operator::NotContainsFold,
            Operator::StartsWith,
            Operator::EndsWith,
            Operator::Like,
            Operator::NotLike,
            Operator::LikeFold,
            Operator::NotLikeFold,
            Operator::Similar,
            Operator::Regex,
            Operator::RegexFold,
            Operator::NotRegex,
        ]);
        let pool: &[&str] = match operator {
            Operator::Like | Operator::NotLike | Operator::LikeFold | Operator::NotLikeFold | Operator::Similar => {
                &PATTERNS
            }
            Operator::Regex | Operator::RegexFold | Operator::NotRegex => &EXPRESSIONS,
            _ => &TEXTS,
        };
        let values: Vec<Json> = pool.iter().map(|text| json!(text)).collect();
        (operator, self.value_for(operator, &values))
    }

    fn of_json(&mut self) -> (Operator, Json) {
        match self.below(3) {
            0 => (Operator::JsonHasKey, json!("wifi")),
            1 => (Operator::JsonContains, self.one(&[json!({"wifi": true}), json!({}), json!([]), json!("a")])),
            _ => (Operator::JsonContainedIn, self.one(&[json!({"wifi": true, "seats": 40}), json!([])])),
        }
    }
}
