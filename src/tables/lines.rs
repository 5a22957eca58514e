//! Tables that people save and open in a spreadsheet.

use super::FORMULAS;
use nbcourier_work::Bug;

/// Returns lines of a table as CSV. A cell that a spreadsheet would take for a formula begins with a quote.
pub fn lines<'a>(rows: impl IntoIterator<Item = Vec<&'a str>>) -> Result<String, Bug> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        let cells = row.into_iter().map(guarded);
        writer.write_record(cells).map_err(Bug::new)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| Bug::new(error.into_error()))?;
    String::from_utf8(bytes).map_err(Bug::new)
}

/// The characters at which spreadsheets of some countries end a cell or a line, whatever is around it.
const ENDS: [char; 4] = [';', '\t', '\n', '\r'];

fn guarded(cell: &str) -> String {
    let mut guarded = String::with_capacity(cell.len() + 1);
    let mut is_begin = true;
    for letter in cell.chars() {
        if is_begin && FORMULAS.contains(&letter) {
            guarded.push('\'');
        }
        is_begin = ENDS.contains(&letter);
        guarded.push(letter);
    }
    guarded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_takes_no_cell_for_a_formula() {
        let row = vec!["=1+1", "+1", "-1", "@SUM(A1)", "a=1", "a;\"b\",c", ""];
        let text = lines([row]).unwrap();
        assert_eq!(text, "'=1+1,'+1,'-1,'@SUM(A1),a=1,\"a;\"\"b\"\",c\",\r\n");
        // In many countries, cells end with semicolons.
        let text = lines([vec!["eric", "a;=1+1;b", "a\n=1"]]).unwrap();
        assert_eq!(text, "eric,a;'=1+1;b,\"a\n'=1\"\r\n");
    }
}
