//! The curve of a class: how many people have submitted over time, as SVG and as a table.

use super::times::{Moment, Times};
use nbcourier_domain::Timestamp;

/// Maximum number of points of a curve.
const POINTS: usize = 240;
/// Number of rows of the table beside a curve.
const ROWS: usize = 12;
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 200.0;
/// The room for labels at the left and at the bottom.
const LEFT: f64 = 44.0;
const BOTTOM: f64 = 22.0;
const TOP: f64 = 14.0;

/// A curve to be drawn. Coordinates are texts with one decimal.
pub struct Curve {
    /// The line, as the attribute `points`.
    pub line: String,
    /// The area below it, as the attribute `points`.
    pub area: String,
    /// The horizontal lines: position and number.
    pub levels: Vec<(String, usize)>,
    /// The days on the axis: position and text.
    pub days: Vec<(String, String)>,
    /// The position of the due time, if it is in the picture.
    pub due: Option<String>,
    /// The same as numbers: until when how many people had submitted.
    pub rows: Vec<(Moment, usize)>,
}

impl Curve {
    /// Returns the curve of these first submissions, oldest first, of a class of that size.
    pub fn new(
        first: &[Timestamp],
        class: usize,
        begin: Option<Timestamp>,
        due: Option<Timestamp>,
        times: &Times,
    ) -> Option<Self> {
        let now = times.now().micros();
        let oldest = first.first()?.micros();
        let begin = begin.map_or(oldest, Timestamp::micros).min(oldest);
        let newest = first.last().map_or(now, |last| last.micros());
        // The line of the due time is in the picture if it is not far ahead.
        let shown_due = due
            .map(Timestamp::micros)
            .filter(|due| *due > begin && due - now <= (now - begin).max(1) / 2);
        let end = shown_due.unwrap_or(newest).max(newest).max(begin + 1);
        let top = class.max(first.len()).max(1);
        #[allow(clippy::cast_precision_loss, reason = "positions in a picture")]
        let x = |at: i64| {
            let share = (at - begin) as f64 / (end - begin) as f64;
            LEFT + share * (WIDTH - LEFT)
        };
        #[allow(clippy::cast_precision_loss, reason = "positions in a picture")]
        let y = |number: usize| {
            let share = number as f64 / top as f64;
            HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)
        };
        let until = newest.max(now.min(end)).min(end);
        let step = ((until - begin) / i64::try_from(POINTS).unwrap_or(1)).max(1);
        let mut points = Vec::new();
        let mut at = begin;
        loop {
            let number = first.partition_point(|time| time.micros() <= at);
            points.push(format!("{:.0},{:.0}", x(at), y(number)));
            if at >= until {
                break;
            }
            at = (at + step).min(until);
        }
        let line = points.join(" ");
        let ground = HEIGHT - BOTTOM;
        let area = format!(
            "{:.0},{ground:.0} {line} {:.0},{ground:.0}",
            x(begin),
            x(until)
        );
        let levels = [0, top / 4, top / 2, top * 3 / 4, top];
        let mut levels: Vec<usize> = levels.to_vec();
        levels.dedup();
        let row_step = ((until - begin) / i64::try_from(ROWS).unwrap_or(1)).max(1);
        let rows = (1..=ROWS).map(|place| {
            let at = begin + row_step * i64::try_from(place).unwrap_or(1);
            let number = first.partition_point(|time| time.micros() <= at);
            (times.minute(Timestamp::from_micros(at.min(until))), number)
        });
        let day_step = (end - begin) / 6;
        let days = (0..6).map(|place| {
            let at = begin + day_step * place;
            let text = times.day(Timestamp::from_micros(at)).text().to_owned();
            (format!("{:.1}", x(at)), text)
        });
        let mut days: Vec<(String, String)> = days.collect();
        days.dedup_by(|later, earlier| later.1 == earlier.1);
        Some(Self {
            line,
            area,
            levels: levels
                .into_iter()
                .map(|number| (format!("{:.1}", y(number)), number))
                .collect(),
            days,
            due: shown_due.map(|due| format!("{:.1}", x(due))),
            rows: rows.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::{Language, Words};
    use super::*;
    use jiff::tz::TimeZone;

    fn times(now: &str) -> Times {
        let now = Timestamp::parse(now).unwrap();
        Times::new(Words::of(Language::English), TimeZone::UTC, None, now)
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn nobody_makes_no_curve() {
        let times = times("2027-02-01 23:55:00");
        assert!(Curve::new(&[], 100, None, None, &times).is_none());
    }

    #[test]
    fn the_curve_rises_to_the_number_of_people_and_stays_in_the_picture() {
        let times = times("2027-02-01 23:55:00");
        let first: Vec<Timestamp> = (0..50)
            .map(|n| Timestamp::from_micros(at("2027-01-30 08:00:00").micros() + n * 3_600_000_000))
            .collect();
        let due = Some(at("2027-02-01 23:59:00"));
        let curve = Curve::new(&first, 100, Some(at("2027-01-27 08:00:00")), due, &times).unwrap();
        let heights: Vec<f64> = curve
            .line
            .split(' ')
            .map(|point| point.split_once(',').unwrap().1.parse().unwrap())
            .collect();
        assert!(heights.len() <= POINTS + 2, "{}", heights.len());
        assert!(
            heights.is_sorted_by(|one, next| one >= next),
            "it never falls"
        );
        assert!(curve.due.is_some());
        assert_eq!(curve.rows.last().unwrap().1, 50);
        assert!(curve.levels.iter().any(|(_, number)| *number == 100));
    }

    #[test]
    fn one_submission_and_a_due_time_far_ahead_make_a_picture_too() {
        let times = times("2027-02-01 23:55:00");
        let due = Some(at("2037-02-01 23:59:00"));
        let first = [at("2027-02-01 23:54:59")];
        let curve = Curve::new(&first, 0, None, due, &times).unwrap();
        assert_eq!(curve.due, None);
        assert!(!curve.line.contains("NaN") && !curve.line.contains("inf"));
    }
}
