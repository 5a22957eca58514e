//! Lists of people as tables of spreadsheets and campus systems. Commands and pages read them alike. They also write
//! tables.

mod columns;
mod decoded;
pub mod figures;
mod lines;
mod roster;
mod table;

pub use columns::{Columns, NoRoster};
pub use decoded::{Decoded, encoding};
pub use lines::lines;
pub use roster::{LONGEST_DETAIL, Line, Note, Roster, WrongLine};
pub use table::{FORMULAS, NoTable, Table};
