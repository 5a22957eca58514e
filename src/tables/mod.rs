//! Lists of people as tables of spreadsheets and campus systems. Commands and pages read them alike.

mod columns;
mod decoded;
mod roster;
mod table;

pub use columns::{Columns, NoRoster};
pub use decoded::{Decoded, encoding};
pub use roster::{LONGEST_DETAIL, Line, Note, Roster, WrongLine};
pub use table::{FORMULAS, NoTable, Table};
