//! Values to and from PostgreSQL.

use std::error::Error;

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Row, Statement, Transaction};

use crate::StoreError;
use crate::database::{Holds, Table, Value};

impl ToSql for Value {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql(of, out),
            Self::Text(text) => text.to_sql(of, out),
            Self::Bytes(bytes) => bytes.to_sql(of, out),
            Self::Ints(numbers) => numbers.to_sql(of, out),
        }
    }

    fn accepts(of: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA, Type::INT8_ARRAY].contains(of)
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Binary
    }

    to_sql_checked!();
}

/// The values of a row.
pub(super) fn row(row: &Row) -> Result<Vec<Value>, StoreError> {
    let value = |at: usize, of: &Type| {
        Ok::<_, tokio_postgres::Error>(match *of {
            Type::INT8 => row.try_get::<_, Option<i64>>(at)?.map_or(Value::Null, Value::Int),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at)?.map_or(Value::Null, Value::Bytes),
            _ => row.try_get::<_, Option<String>>(at)?.map_or(Value::Null, Value::Text),
        })
    };
    let values = row.columns().iter().enumerate().map(|(at, column)| value(at, column.type_()));
    values.collect::<Result<_, _>>().map_err(|error| StoreError::Content(error.to_string()))
}

/// The values of a column, of many rows.
enum Many<'a> {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<&'a str>>),
    Bytes(Vec<Option<&'a [u8]>>),
}

impl<'a> Many<'a> {
    fn of(holds: Holds, at: usize, rows: &'a [Vec<Value>]) -> Self {
        let values = rows.iter().map(|row| row.get(at));
        match holds {
            Holds::Ints => Self::Ints(
                values
                    .map(|value| if let Some(Value::Int(number)) = value { Some(*number) } else { None })
                    .collect(),
            ),
            Holds::Texts => Self::Texts(
                values
                    .map(|value| if let Some(Value::Text(text)) = value { Some(&**text) } else { None })
                    .collect(),
            ),
            Holds::Bytes => Self::Bytes(
                values
                    .map(|value| if let Some(Value::Bytes(bytes)) = value { Some(&**bytes) } else { None })
                    .collect(),
            ),
        }
    }

    fn parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Ints(many) => many,
            Self::Texts(many) => many,
            Self::Bytes(many) => many,
        }
    }
}

/// The statement that inserts rows, column by column.
pub(super) fn insertion(table: &Table) -> String {
    let columns = table.columns.iter().enumerate();
    let places = columns.map(|(at, column)| format!("?{}::{}", at + 1, stored(column.holds).1));
    table.insert(&format!("SELECT * FROM unnest({})", places.collect::<Vec<_>>().join(", ")))
}

/// Inserts rows by that statement.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    insertion: &Statement,
    table: &Table,
    rows: &[Vec<Value>],
) -> Result<(), tokio_postgres::Error> {
    let columns = table.columns.iter().enumerate();
    let many: Vec<Many<'_>> = columns.map(|(at, column)| Many::of(column.holds, at, rows)).collect();
    let parameters: Vec<&(dyn ToSql + Sync)> = many.iter().map(Many::parameter).collect();
    transaction.execute(insertion, &parameters).await?;
    Ok(())
}

/// Inserts rows that are in nobody's way, which is faster.
pub(super) async fn copy(
    transaction: &Transaction<'_>,
    table: &Table,
    rows: &[Vec<Value>],
) -> Result<(), tokio_postgres::Error> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let types: Vec<Type> = table.columns.iter().map(|column| stored(column.holds).0).collect();
    let statement = format!("COPY {} ({}) FROM STDIN BINARY", table.name, names.join(", "));
    let writer = BinaryCopyInWriter::new(transaction.copy_in(&statement).await?, &types);
    let mut writer = std::pin::pin!(writer);
    for row in rows {
        writer.as_mut().write_raw(row.iter().map(|value| value as &(dyn ToSql + Sync))).await?;
    }
    writer.finish().await?;
    Ok(())
}

/// The type of a column, and what an array of it is called.
const fn stored(holds: Holds) -> (Type, &'static str) {
    match holds {
        Holds::Ints => (Type::INT8, "bigint[]"),
        Holds::Texts => (Type::TEXT, "text[]"),
        Holds::Bytes => (Type::BYTEA, "bytea[]"),
    }
}
