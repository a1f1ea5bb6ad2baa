//! The one place where SQL text is born: the tree of [`crate::tree`] becomes bytes, the same ones every time.
//!
//! Four verbs write everything: `syntax` for words of the language, `name` for identifiers (always quoted), `text` for literals of the
//! model (always quoted), `param` for values (always bound). A parameter that occurs twice is bound once.

use plan::{Direction, Nulls};

use crate::tree::{Alias, Expr, Order, Query, Source};
use crate::{ColumnKind, Database, Param, Statement};

/// The text of a statement and what it binds. The outermost clauses begin lines.
pub(crate) fn statement(database: Database, query: &Query, columns: Vec<ColumnKind>) -> Statement {
    let mut printer = Printer { database, sql: String::new(), params: Vec::new() };
    printer.query(query, "\n");
    Statement { sql: printer.sql, params: printer.params, columns, slot: 0 }
}

struct Printer {
    database: Database,
    sql: String,
    params: Vec<Param>,
}

impl Printer {
    fn syntax(&mut self, words: &str) {
        self.sql.push_str(words);
    }

    /// The one quoting function of names.
    fn name(&mut self, name: &str) {
        self.quoted(name, '"');
    }

    fn text(&mut self, text: &str) {
        self.quoted(text, '\'');
    }

    fn quoted(&mut self, text: &str, quote: char) {
        self.sql.push(quote);
        for letter in text.chars() {
            if letter == quote {
                self.sql.push(quote);
            }
            self.sql.push(letter);
        }
        self.sql.push(quote);
    }

    fn number(&mut self, number: impl Into<i64>) {
        self.sql.push_str(&number.into().to_string());
    }

    fn alias(&mut self, alias: Alias) {
        self.sql.push('t');
        self.number(alias.0);
    }

    /// `?1` on SQLite; `$1::bigint` on PostgreSQL.
    fn param(&mut self, param: &Param) {
        let index = self.params.iter().position(|known| known == param).unwrap_or_else(|| {
            self.params.push(param.clone());
            self.params.len() - 1
        });
        let number = i64::try_from(index + 1).expect("a statement has few parameters");
        match self.database {
            Database::Sqlite => {
                self.syntax("?");
                self.number(number);
            }
            Database::Postgres => {
                self.syntax("$");
                self.number(number);
                self.syntax("::");
                let (kind, is_array) = param_type(param);
                self.syntax(postgres_type(kind));
                self.syntax(if is_array { "[]" } else { "" });
            }
        }
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.syntax(", ");
            }
            each(self, item);
        }
    }

    fn exprs(&mut self, items: &[Expr]) {
        self.list(items, Self::expr);
    }

    fn query(&mut self, query: &Query, gap: &str) {
        self.syntax("select ");
        if !query.distinct_on.is_empty() {
            self.syntax("distinct on (");
            self.exprs(&query.distinct_on);
            self.syntax(") ");
        }
        self.list(&query.columns, |printer, (expr, name)| {
            printer.expr(expr);
            if let Some(name) = name {
                printer.syntax(" as ");
                printer.name(name);
            }
        });
        self.from(&query.from, gap);
        if !query.filter.is_empty() {
            self.syntax(gap);
            self.syntax("where ");
            self.joined(&query.filter, " and ");
        }
        self.order(&query.order, gap);
        self.window(query, gap);
    }

    fn from(&mut self, sources: &[Source], gap: &str) {
        for (index, source) in sources.iter().enumerate() {
            self.syntax(gap);
            self.syntax(match source {
                _ if index == 0 => "from ",
                Source::Left(..) => "left join ",
                Source::Table(..)
                | Source::Query(..)
                | Source::Union(..)
                | Source::Lateral(..)
                | Source::Unnest(..)
                | Source::Elements(..) => "cross join ",
            });
            self.source(source);
        }
    }

    fn order(&mut self, order: &[Order], gap: &str) {
        if !order.is_empty() {
            self.syntax(gap);
            self.syntax("order by ");
            self.list(order, Self::order_key);
        }
    }

    /// SQLite knows no `offset` without `limit`.
    fn window(&mut self, query: &Query, gap: &str) {
        if let Some(limit) = &query.limit {
            self.syntax(gap);
            self.syntax("limit ");
            self.expr(limit);
        }
        if let Some(offset) = &query.offset {
            self.syntax(if query.limit.is_some() { " " } else { gap });
            if query.limit.is_none() && self.database == Database::Sqlite {
                self.syntax("limit -1 ");
            }
            self.syntax("offset ");
            self.expr(offset);
        }
    }

    fn source(&mut self, source: &Source) {
        match source {
            Source::Table(name, alias) => {
                self.name(name);
                self.named(*alias, "");
            }
            Source::Left(name, alias, conditions) => {
                self.name(name);
                self.named(*alias, "");
                self.syntax(" on ");
                self.joined(conditions, " and ");
            }
            Source::Query(query, alias) => {
                self.nested(query);
                self.named(*alias, "");
            }
            Source::Union(queries, alias) => {
                self.syntax("(");
                for (index, query) in queries.iter().enumerate() {
                    self.syntax(if index == 0 { "" } else { " union all " });
                    self.query(query, " ");
                }
                self.syntax(")");
                self.named(*alias, "");
            }
            Source::Lateral(query, alias) => {
                self.syntax("lateral ");
                self.nested(query);
                self.named(*alias, "");
            }
            Source::Unnest(params, alias) => {
                self.syntax("unnest(");
                self.list(params, Self::param);
                self.syntax(")");
                self.named(*alias, if params.len() > 1 { "(\"key\", \"locale\")" } else { "(\"key\")" });
            }
            Source::Elements(array, alias) => {
                let postgres = self.database == Database::Postgres;
                self.syntax(if postgres { "jsonb_array_elements(" } else { "json_each(" });
                self.expr(array);
                self.syntax(if postgres { ") with ordinality" } else { ")" });
                self.named(*alias, if postgres { "(\"value\", \"key\")" } else { "" });
            }
        }
    }

    fn named(&mut self, alias: Alias, columns: &str) {
        self.syntax(" as ");
        self.alias(alias);
        self.syntax(columns);
    }

    fn nested(&mut self, query: &Query) {
        self.syntax("(");
        self.query(query, " ");
        self.syntax(")");
    }

    fn order_key(&mut self, order: &Order) {
        self.expr(&order.expr);
        if order.direction == Direction::Descending {
            self.syntax(" desc");
        }
        match order.nulls {
            Some(Nulls::First) => self.syntax(" nulls first"),
            Some(Nulls::Last) => self.syntax(" nulls last"),
            None => {}
        }
    }

    /// Comparisons bind closer than `and` and `or`.
    fn joined(&mut self, items: &[Expr], word: &str) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.syntax(word);
            }
            if matches!(item, Expr::And(_) | Expr::Or(_)) { self.operand(item) } else { self.expr(item) }
        }
    }

    /// An expression inside another one: in parentheses unless it holds together by itself.
    fn operand(&mut self, expr: &Expr) {
        if holds_together(expr) {
            self.expr(expr);
        } else {
            self.syntax("(");
            self.expr(expr);
            self.syntax(")");
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Column(alias, name) => {
                self.alias(*alias);
                self.syntax(".");
                self.name(name);
            }
            Expr::Param(param) => self.param(param),
            Expr::Text(text) => self.text(text),
            Expr::Number(number) => self.number(*number),
            Expr::Null => self.syntax("null"),
            Expr::Boolean(value) => self.syntax(if *value { "true" } else { "false" }),
            Expr::CountAll => self.syntax("count(*)"),
            Expr::Call(name, arguments) => self.call(name, "", arguments),
            Expr::CallDistinct(name, arguments) => self.call(name, "distinct ", arguments),
            Expr::Tuple(items) => self.call("", "", items),
            Expr::Ordered(name, inner, order) => self.ordered(name, inner, order),
            Expr::RowNumber { partition, order } => self.row_number(partition, order),
            Expr::Exists(query) => {
                self.syntax("exists ");
                self.nested(query);
            }
            Expr::Scalar(query) => self.nested(query),
            Expr::Case(when, then, otherwise) => self.case(when, then, otherwise.as_deref()),
            Expr::Cast(inner, kind) => self.cast(inner, *kind),
            Expr::Collate(inner, name) => {
                self.operand(inner);
                self.syntax(" collate ");
                self.name(name);
            }
            Expr::Binary(left, operator, right) => self.binary(left, operator, right),
            Expr::Between(value, least, greatest) => {
                self.binary(value, "between", least);
                self.syntax(" and ");
                self.operand(greatest);
            }
            Expr::Listed { value, negated, list } => self.listed(value, *negated, list),
            Expr::In { value, negated, query } => {
                self.operand(value);
                self.syntax(if *negated { " not in " } else { " in " });
                self.nested(query);
            }
            Expr::IsNull(inner, wanted) => {
                self.operand(inner);
                self.syntax(if *wanted { " is null" } else { " is not null" });
            }
            Expr::Not(inner) => {
                self.syntax("not ");
                self.operand(inner);
            }
            Expr::And(items) => self.joined(items, " and "),
            Expr::Or(items) => self.joined(items, " or "),
        }
    }

    fn call(&mut self, name: &str, word: &str, arguments: &[Expr]) {
        self.syntax(name);
        self.syntax("(");
        self.syntax(word);
        self.exprs(arguments);
        self.syntax(")");
    }

    fn ordered(&mut self, name: &str, inner: &Expr, order: &[Order]) {
        self.syntax(name);
        self.syntax("(");
        self.expr(inner);
        self.order(order, " ");
        self.syntax(")");
    }

    fn row_number(&mut self, partition: &[Expr], order: &[Order]) {
        self.syntax("row_number() over (partition by ");
        self.exprs(partition);
        self.order(order, " ");
        self.syntax(")");
    }

    fn binary(&mut self, left: &Expr, operator: &str, right: &Expr) {
        self.operand(left);
        self.syntax(" ");
        self.syntax(operator);
        self.syntax(" ");
        self.operand(right);
    }

    fn listed(&mut self, value: &Expr, negated: bool, list: &Param) {
        self.operand(value);
        self.syntax(match (self.database, negated) {
            (Database::Postgres, false) => " = any(",
            (Database::Postgres, true) => " <> all(",
            (Database::Sqlite, false) => " in (select \"value\" from json_each(",
            (Database::Sqlite, true) => " not in (select \"value\" from json_each(",
        });
        self.param(list);
        self.syntax(match self.database {
            Database::Postgres => ")",
            Database::Sqlite => "))",
        });
    }

    fn case(&mut self, when: &Expr, then: &Expr, otherwise: Option<&Expr>) {
        self.syntax("case when ");
        self.expr(when);
        self.syntax(" then ");
        self.expr(then);
        if let Some(otherwise) = otherwise {
            self.syntax(" else ");
            self.expr(otherwise);
        }
        self.syntax(" end");
    }

    fn cast(&mut self, inner: &Expr, kind: ColumnKind) {
        match self.database {
            Database::Sqlite => {
                self.syntax("cast(");
                self.expr(inner);
                self.syntax(" as ");
                self.syntax(sqlite_type(kind));
                self.syntax(")");
            }
            Database::Postgres => {
                self.syntax("(");
                self.expr(inner);
                self.syntax(")::");
                self.syntax(postgres_type(kind));
            }
        }
    }
}

/// Whether an expression is one word to what stands around it.
fn holds_together(expr: &Expr) -> bool {
    match expr {
        Expr::Binary(..)
        | Expr::Between(..)
        | Expr::Listed { .. }
        | Expr::In { .. }
        | Expr::IsNull(..)
        | Expr::Not(_)
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Collate(..) => false,
        Expr::Column(..)
        | Expr::Param(_)
        | Expr::Text(_)
        | Expr::Number(_)
        | Expr::Null
        | Expr::Boolean(_)
        | Expr::CountAll
        | Expr::Call(..)
        | Expr::CallDistinct(..)
        | Expr::Tuple(_)
        | Expr::Exists(_)
        | Expr::Scalar(_)
        | Expr::Case(..)
        | Expr::Cast(..)
        | Expr::Ordered(..)
        | Expr::RowNumber { .. } => true,
    }
}

/// The kind of a parameter and whether it is an array of it on PostgreSQL.
fn param_type(param: &Param) -> (ColumnKind, bool) {
    match param {
        Param::Hole(_, kind) | Param::Member(_, _, kind) => (*kind, false),
        Param::List(_, kind) | Param::ParentKey(kind) => (*kind, true),
        Param::ParentLocale => (ColumnKind::Text, true),
        Param::Like { .. } | Param::LikePiece(_) | Param::Text(_) | Param::DefaultLocale => (ColumnKind::Text, false),
        Param::Limit(_) | Param::Start(_) => (ColumnKind::Int, false),
    }
}

/// PostgreSQL's word for a kind.
fn postgres_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "text",
        ColumnKind::Int => "bigint",
        ColumnKind::Float => "double precision",
        ColumnKind::Decimal => "numeric",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Date => "date",
        ColumnKind::Time => "time",
        ColumnKind::Instant => "timestamptz",
        ColumnKind::Interval => "interval",
        ColumnKind::Json => "jsonb",
        ColumnKind::Uuid => "uuid",
    }
}

/// How SQLite keeps a kind.
fn sqlite_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Int | ColumnKind::Boolean | ColumnKind::Instant => "integer",
        ColumnKind::Float => "real",
        ColumnKind::Text
        | ColumnKind::Decimal
        | ColumnKind::Date
        | ColumnKind::Time
        | ColumnKind::Interval
        | ColumnKind::Json
        | ColumnKind::Uuid => "text",
    }
}
