//! Times, parsed letter by letter, with the days counted month by month.

use nbcourier_domain::Timestamp;

pub fn decode(pieces: &[&[u8]]) -> String {
    let text = String::from_utf8_lossy(&pieces.concat()).into_owned();
    format!("{:?}", Timestamp::parse(&text).ok().map(Timestamp::micros))
}

pub fn expected(text: &[u8]) -> String {
    format!("{:?}", micros(&String::from_utf8_lossy(text)))
}

/// Parses `YYYY-MM-DD HH:MM:SS[.d…][ UTC]`, or RFC 3339.
fn micros(text: &str) -> Option<i64> {
    let text = text.trim();
    let mut reader = Reader { rest: text };
    let year = reader.number(4)?;
    let month = reader.then('-')?.number(2)?;
    let day = reader.then('-')?.number(2)?;
    let separator = reader.any(" Tt")?;
    let hour = reader.number(2)?;
    let minute = reader.then(':')?.number(2)?;
    let second = reader.then(':')?.number(2)?;
    let fraction = reader.fraction()?;
    let zone = reader.rest;
    let offset = match zone {
        "Z" | "z" => 0,
        _ if separator == ' ' && zone.strip_suffix("UTC").unwrap_or(zone).trim().is_empty() => 0,
        _ => offset(zone)?,
    };
    let length = *lengths(year).get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let minutes = (days(year, month, day) * 24 + hour) * 60 + minute - offset;
    let micros = (minutes * 60 + second) * 1_000_000 + fraction;
    let (first, end) = (days(1, 1, 1), days(9999, 12, 31) + 1);
    let day = 24 * 60 * 60 * 1_000_000;
    (first * day..end * day).contains(&micros).then_some(micros)
}

fn offset(zone: &str) -> Option<i64> {
    let mut reader = Reader { rest: zone };
    let sign = if reader.any("+-")? == '-' { -1 } else { 1 };
    let hours = reader.number(2)?;
    let minutes = reader.then(':')?.number(2)?;
    (reader.rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn lengths(year: i64) -> [i64; 12] {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

fn days(year: i64, month: i64, day: i64) -> i64 {
    let of_year = |year: i64| lengths(year).iter().sum::<i64>();
    let years: i64 = if year >= 1970 {
        (1970..year).map(of_year).sum()
    } else {
        -(year..1970).map(of_year).sum::<i64>()
    };
    let months: i64 = (1..month)
        .map(|month| lengths(year)[usize::try_from(month - 1).unwrap()])
        .sum();
    years + months + day - 1
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn any(&mut self, of: &str) -> Option<char> {
        let c = self.rest.chars().next().filter(|c| of.contains(*c))?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn then(&mut self, wanted: char) -> Option<&mut Self> {
        self.any(&wanted.to_string())?;
        Some(self)
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        let number = (0..digits).try_fold(0, |number, _| {
            let digit = self.any("0123456789")?.to_digit(10)?;
            Some(number * 10 + i64::from(digit))
        })?;
        Some(number)
    }

    /// Returns the fraction in microseconds; None for a point without a digit.
    fn fraction(&mut self) -> Option<i64> {
        if self.any(".").is_none() {
            return Some(0);
        }
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        let six: String = digits.chars().chain("000000".chars()).take(6).collect();
        six.parse().ok().filter(|_| !digits.is_empty())
    }
}

pub const WORDS: &[&[u8]] = &[
    b"2020",
    b"0001",
    b"9999",
    b"1969",
    b"-",
    b"-01",
    b"-02",
    b"-12",
    b"-29",
    b"-30",
    b"-31",
    b" ",
    b"T",
    b"t",
    b"10",
    b":",
    b":30",
    b":47",
    b":60",
    b"23",
    b"24",
    b".",
    b".5",
    b".524219",
    b".5242199999999",
    b"Z",
    b"z",
    b"UTC",
    b" UTC",
    b"+02:00",
    b"-00:00",
    b"+24:00",
    b"2020-01-30 10:30:47",
    b"2020-02-29T23:59:60.5Z",
    b"2021-02-29 00:00:00",
    b"2020-01-30 10:30:47.524219",
    b"\t",
    b"+",
    b"\xE2\x88\x92",
];
