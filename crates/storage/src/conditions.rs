//! Parts of queries that diesel lacks, or does not have for every database.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, Binary, Bool, HasSqlType, SingleValue, Text};
use diesel::sqlite::Sqlite;
use nbcourier_domain::Sha256Sum;
use std::collections::BTreeSet;

/// The condition that a column holds one of many values. It is one statement with one bound value for any number of
/// values, unlike `eq_any` in SQLite.
#[derive(Debug, Clone)]
pub struct Among<C, V> {
    column: C,
    /// The values for PostgreSQL.
    values: Vec<V>,
    /// The values for SQLite, as a list in JSON.
    list: String,
    /// The SQL that reads one value of the list.
    read: &'static str,
}

/// Returns the condition that the column holds one of the IDs.
pub fn among<C: Expression<SqlType = BigInt>>(
    column: C,
    ids: impl IntoIterator<Item = i64>,
) -> Among<C, i64> {
    let values: BTreeSet<i64> = ids.into_iter().collect();
    let values: Vec<i64> = values.into_iter().collect();
    Among {
        column,
        list: serde_json::json!(values).to_string(),
        read: "value",
        values,
    }
}

/// Returns the condition that the column holds one of the checksums.
pub fn among_sums<'a, C: Expression<SqlType = Binary>>(
    column: C,
    sums: impl IntoIterator<Item = &'a Sha256Sum>,
) -> Among<C, Vec<u8>> {
    let sums: Vec<&Sha256Sum> = sums.into_iter().collect();
    let list: Vec<String> = sums.iter().map(ToString::to_string).collect();
    Among {
        column,
        values: sums.into_iter().map(|sum| sum.0.to_vec()).collect(),
        list: serde_json::json!(list).to_string(),
        read: "unhex(value)",
    }
}

/// Returns the condition that the column holds one of the texts.
pub fn among_texts<C: Expression<SqlType = Text>>(
    column: C,
    texts: impl IntoIterator<Item = impl Into<String>>,
) -> Among<C, String> {
    let values: Vec<String> = texts.into_iter().map(Into::into).collect();
    Among {
        column,
        list: serde_json::json!(values).to_string(),
        read: "value",
        values,
    }
}

impl<C: QueryId, V> QueryId for Among<C, V> {
    type QueryId = Among<C::QueryId, ()>;
    const HAS_STATIC_QUERY_ID: bool = C::HAS_STATIC_QUERY_ID;
}

impl<C: Expression, V> Expression for Among<C, V> {
    type SqlType = Bool;
}

impl<C: ValidGrouping<G>, V, G> ValidGrouping<G> for Among<C, V> {
    type IsAggregate = C::IsAggregate;
}

impl<C: AppearsOnTable<T>, V, T> AppearsOnTable<T> for Among<C, V> {}

impl<C: SelectableExpression<T>, V, T> SelectableExpression<T> for Among<C, V> {}

impl<C: QueryFragment<Sqlite>, V> QueryFragment<Sqlite> for Among<C, V> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT ");
        out.push_sql(self.read);
        out.push_sql(" FROM json_each(");
        out.push_bind_param::<Text, _>(&self.list)?;
        out.push_sql("))");
        Ok(())
    }
}

impl<C, V> QueryFragment<Pg> for Among<C, V>
where
    C: QueryFragment<Pg> + Expression,
    C::SqlType: SingleValue,
    Pg: HasSqlType<C::SqlType>,
    Vec<V>: ToSql<Array<C::SqlType>, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<C::SqlType>, _>(&self.values)?;
        out.push_sql(")");
        Ok(())
    }
}

/// One of two expressions. A query with it has one type, unlike the boxed queries of diesel, which are for one
/// database only.
#[derive(Debug, Clone)]
pub enum Either<A, B> {
    This(A),
    That(B),
}

impl<A, B> QueryId for Either<A, B> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<A: Expression, B: Expression> Expression for Either<A, B> {
    type SqlType = A::SqlType;
}

impl<A: ValidGrouping<G>, B, G> ValidGrouping<G> for Either<A, B> {
    type IsAggregate = A::IsAggregate;
}

impl<A: AppearsOnTable<T>, B: AppearsOnTable<T>, T> AppearsOnTable<T> for Either<A, B> {}

impl<A, B, T> SelectableExpression<T> for Either<A, B>
where
    A: SelectableExpression<T>,
    B: SelectableExpression<T>,
{
}

impl<A: QueryFragment<D>, B: QueryFragment<D>, D: Backend> QueryFragment<D> for Either<A, B> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, D>) -> QueryResult<()> {
        match self {
            Self::This(expression) => expression.walk_ast(out),
            Self::That(expression) => expression.walk_ast(out),
        }
    }
}

/// The condition that always holds.
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub struct Always;

impl Expression for Always {
    type SqlType = Bool;
}

impl<T> AppearsOnTable<T> for Always {}

impl<T> SelectableExpression<T> for Always {}

impl<D: Backend> QueryFragment<D> for Always {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, D>) -> QueryResult<()> {
        out.push_sql("TRUE");
        Ok(())
    }
}

/// Returns the condition; without one, the condition that always holds.
pub fn maybe<C>(condition: Option<C>) -> Either<C, Always> {
    condition.map_or(Either::That(Always), Either::This)
}

/// The first rows of a query.
#[derive(Debug, Clone)]
pub struct AtMost<Q> {
    query: Q,
    rows: i64,
}

/// Limits a query.
pub trait AtMostDsl: Query + Sized {
    /// Returns the query for the first `rows` rows.
    ///
    /// This replaces diesel's `limit`. SQLite plans by the value that is bound to `LIMIT`, and so plans the statement
    /// anew each time (observed with SQLite 3.47 and later, where it doubled the cost of small queries). The limit is
    /// therefore written as a sum, at whose value SQLite does not look.
    fn at_most(self, rows: usize) -> AtMost<Self> {
        AtMost {
            query: self,
            rows: i64::try_from(rows).unwrap_or(i64::MAX),
        }
    }
}

impl<Q: Query> AtMostDsl for Q {}

impl<Q: QueryId> QueryId for AtMost<Q> {
    type QueryId = AtMost<Q::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: Query> Query for AtMost<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> diesel::RunQueryDsl<C> for AtMost<Q> {}

impl<Q: QueryFragment<D>, D> QueryFragment<D> for AtMost<Q>
where
    D: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, D>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, D>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.rows)?;
        out.push_sql(" + 0");
        Ok(())
    }
}
