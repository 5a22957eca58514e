//! Tables that readers save and open in a spreadsheet.

use crate::http::error::Result;
use crate::http::reply::download;
use crate::tables::FORMULAS;
use actix_web::{HttpResponse, HttpResponseBuilder};
use nbcourier_work::Bug;

/// The mark by which spreadsheets recognise UTF-8.
pub const MARK: &str = "\u{feff}";

/// Returns the beginning of a reply with a table of that name.
pub fn reply(name: &str) -> HttpResponseBuilder {
    let mut reply = HttpResponse::Ok();
    download::as_file(&mut reply, name);
    reply.content_type("text/csv; charset=utf-8");
    reply
}

/// Returns lines of a table. A cell that a spreadsheet would take for a formula begins with a quote.
pub fn lines<'a>(rows: impl IntoIterator<Item = Vec<&'a str>>) -> Result<String> {
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
    Ok(String::from_utf8(bytes).map_err(Bug::new)?)
}

fn guarded(cell: &str) -> String {
    let guard = if cell.starts_with(FORMULAS) { "'" } else { "" };
    format!("{guard}{cell}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_takes_no_cell_for_a_formula() {
        let row = vec!["=1+1", "+1", "-1", "@SUM(A1)", "a=1", "a;\"b\",c", ""];
        let text = lines([row]).unwrap();
        assert_eq!(text, "'=1+1,'+1,'-1,'@SUM(A1),a=1,\"a;\"\"b\"\",c\",\r\n");
    }
}
