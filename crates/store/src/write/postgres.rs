//! The door to PostgreSQL: statements that do not need each other's rows go in one write.

use std::borrow::Cow;

use futures_util::future::join_all;
use plan::Value;
use sql::{Node, Statement};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::door::{Door, Env, Rows, Shown, Spot, show};
use super::fit::fitted;
use super::frame::Call;
use super::postgres_value::read;
use crate::Error;
use crate::postgres::Session;
use crate::read::postgres::{Parameter, kept, written};

/// A connection inside a transaction.
pub(crate) struct PostgresDoor<'c> {
    pub(crate) session: &'c Session,
    pub(crate) env: Env<'c>,
}

impl Door for PostgresDoor<'_> {
    async fn run(&self, calls: Vec<Call<'_>>) -> Result<Vec<Rows>, Error> {
        let mut bound = Vec::with_capacity(calls.len());
        for call in calls {
            let values = call.values.into_iter().zip(&call.statement.params);
            let values = values
                .map(|(value, param)| Ok(Parameter::One(Cow::Owned(fitted(value, param.kind)?))))
                .collect::<Result<Vec<Parameter<'_>>, Error>>()?;
            bound.push((call.statement, values));
        }
        let prepared = join_all(bound.iter().map(|(statement, _)| self.session.prepare(&statement.sql))).await;
        let prepared = prepared.into_iter().collect::<Result<Vec<_>, Error>>()?;
        let client = self.session.client();
        let params: Vec<Vec<&(dyn ToSql + Sync)>> =
            bound.iter().map(|(_, values)| values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()).collect();
        let asked = prepared.iter().zip(&params).map(|(statement, params)| client.query(statement, params));
        // They are polled in order, and what they send is sent in order.
        let answered = join_all(asked).await;
        let mut found = Vec::with_capacity(bound.len());
        for (rows, (statement, _)) in answered.into_iter().zip(&bound) {
            found.push(rows?.iter().map(|row| values(row, &statement.columns)).collect::<Result<Rows, Error>>()?);
        }
        Ok(found)
    }

    async fn keep(&self, statement: &Statement, keys: Vec<Value>) -> Result<Vec<Value>, Error> {
        let rows = kept(self.session, self.env.read(), statement, &keys, self.env.bytes_max).await?;
        let kind = statement.columns.first().copied().ok_or(Error::Malformed { expected: "a column of keys" })?;
        rows.iter().map(|row| read(row, 0, kind)).collect()
    }

    async fn show(&self, node: (&Node, u16), key: &Value, spot: Spot<'_>, bytes: Vec<u8>) -> Result<Shown, Error> {
        let levels = written(self.session, self.env.read(), node, key, self.env.bytes_max).await?;
        show(&levels, self.env, node.0, spot, bytes)
    }
}

fn values(row: &Row, kinds: &[sql::ColumnKind]) -> Result<Vec<Value>, Error> {
    kinds.iter().enumerate().map(|(index, kind)| read(row, index, *kind)).collect()
}
