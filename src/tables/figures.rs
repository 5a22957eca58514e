//! Figures of the work on notebooks as a table.

use super::lines;
use nbcourier_api::ActivityFigures;
use nbcourier_domain::ActivityBy;
use nbcourier_work::Bug;

/// Returns the line that names the columns.
pub fn head(by: ActivityBy) -> Result<String, Bug> {
    lines([vec![
        by.word(),
        "students",
        "notebooks",
        "days",
        "opens",
        "saves",
        "minutes",
        "last_day",
    ]])
}

/// Returns the lines of these figures.
pub fn rows(figures: &[ActivityFigures]) -> Result<String, Bug> {
    let numbers = figures.iter().map(|line| {
        let of_unit = [line.students, line.notebooks, line.days];
        let of_work = [line.opens, line.saves, line.minutes];
        [of_unit, of_work].concat()
    });
    let numbers = numbers.map(|all| all.iter().map(i64::to_string).collect::<Vec<_>>());
    let numbers: Vec<_> = numbers.collect();
    lines(figures.iter().zip(&numbers).map(|(line, numbers)| {
        let mut row = vec![line.of()];
        row.extend(numbers.iter().map(String::as_str));
        row.push(line.last_day.as_deref().unwrap_or_default());
        row
    }))
}
