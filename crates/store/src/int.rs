//! SQLite's integers are signed; ids and sequence numbers are not. The bits are kept, so every value comes back.

use cordial_engine::id::Guid;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::StoreError;

pub(crate) const fn to_sql(value: u64) -> i64 {
    value.cast_signed()
}

pub(crate) const fn from_sql(value: i64) -> u64 {
    value.cast_unsigned()
}

/// A column that holds an id or a count.
pub(crate) fn column(row: &SqliteRow, name: &str) -> Result<u64, StoreError> {
    Ok(from_sql(row.try_get(name)?))
}

/// A column that holds a guid's digits.
pub(crate) fn guid_column(row: &SqliteRow, table: &'static str, name: &str) -> Result<Guid, StoreError> {
    let text: &str = row.try_get(name)?;
    Guid::parse(text).ok_or_else(|| StoreError::Row { table, why: format!("{name} is no guid") })
}

/// Hexadecimal digits of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let pairs = digits.chunks_exact(2);
    pairs.map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok()).collect()
}
