//! Dates with a time of day in the usual spellings.

use jiff::civil::DateTime;

/// Parses a date and a time of day, largest unit first, with or without separators. Also returns the rest of the
/// text.
pub(super) fn parse(text: &str) -> Option<(DateTime, &str)> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    let between = separator(&mut rest, "-._");
    let month = number(&mut rest, 2)?;
    if separator(&mut rest, "-._") != between {
        return None;
    }
    let day = number(&mut rest, 2)?;
    if separator(&mut rest, " T_-").is_none() && between.is_some() {
        return None;
    }
    let hour = number(&mut rest, 2)?;
    let between = separator(&mut rest, ":-._");
    let minute = number(&mut rest, 2)?;
    let mut second = 0;
    let mut behind = rest;
    if separator(&mut behind, ":-._") == between
        && let Some(number) = number(&mut behind, 2)
    {
        (second, rest) = (number, behind);
    }
    let mut nanoseconds = 0;
    let begins_fraction = |rest: &str| rest.starts_with(['.', ',']);
    if begins_fraction(rest) && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
        rest = &rest[1..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let digits = rest[..end.min(6)].to_owned();
        nanoseconds = format!("{digits:0<9}").parse().ok()?;
        rest = &rest[end..];
    }
    let hour = half_day(hour, &mut rest)?;
    let [month, day, hour, minute, second] =
        [month, day, hour, minute, second].map(|part| i8::try_from(part).ok());
    let at = DateTime::new(year, month?, day?, hour?, minute?, second?, nanoseconds).ok()?;
    Some((at, rest))
}

/// Returns the hour of the day, adjusted for `AM` or `PM` after the time. Returns `None` if these contradict the
/// hour.
fn half_day(hour: i16, rest: &mut &str) -> Option<i16> {
    let text = rest.trim_start();
    let Some((half, behind)) = text.split_at_checked(2) else {
        return Some(hour);
    };
    let later = match half.to_ascii_uppercase().as_str() {
        "AM" => 0,
        "PM" => 12,
        _ => return Some(hour),
    };
    // A zone such as AMT may begin with the same letters.
    if behind.starts_with(|c: char| c.is_alphanumeric()) {
        return Some(hour);
    }
    *rest = behind;
    (1..=12).contains(&hour).then_some(hour % 12 + later)
}

fn number(rest: &mut &str, digits: usize) -> Option<i16> {
    let (number, after) = rest.split_at_checked(digits)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    *rest = after;
    number.parse().ok().filter(|_| is_number)
}

fn separator(rest: &mut &str, of: &str) -> Option<char> {
    let found = rest.chars().next().filter(|c| of.contains(*c))?;
    *rest = &rest[1..];
    Some(found)
}
