//! Lists of people as tables of spreadsheets and campus systems, which commands and pages read alike, and tables that they
//! write.

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
