//! The settings of a source, parsed.

use super::exclude::Exclude;
use crate::{Error, Result};
use nbcourier_domain::{BranchName, RelativePath, RepositoryUrl};
use nbcourier_storage::directories::sources as rows;
use std::time::Duration;

/// The time between two looks, unless another is given.
pub const USUAL: Duration = Duration::from_hours(1);
/// The shortest time between two looks.
const SHORTEST: Duration = Duration::from_mins(5);
/// The longest time between two looks.
const LONGEST: Duration = Duration::from_hours(30 * 24);
/// Maximum number of patterns.
const MOST_PATTERNS: usize = 50;

/// The settings of a source as a request has them.
#[derive(Debug, Clone, Default)]
pub struct GivenSource {
    /// The address of the repository.
    pub url: String,
    /// The branch. Without one, the repository's own choice.
    pub branch: Option<String>,
    /// The folder of the repository. Without one, all of it.
    pub folder: Option<String>,
    /// Patterns of paths that are left out.
    pub exclude: Vec<String>,
    /// The time between two looks.
    pub every: Option<Duration>,
    /// Whether files with solutions may be in a version.
    pub allow_solutions: bool,
}

/// The settings of a source.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// The address of the repository.
    pub url: RepositoryUrl,
    /// The branch. Without one, the repository's own choice.
    pub branch: Option<BranchName>,
    /// The folder of the repository. Without one, all of it.
    pub folder: Option<RelativePath>,
    /// The paths that are left out.
    pub exclude: Vec<Exclude>,
    /// The time between two looks.
    pub every: Duration,
    /// Whether files with solutions may be in a version.
    pub allow_solutions: bool,
}

fn unusable(sentence: &str) -> Error {
    let mut letters = sentence.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    Error::UnusableFact(first.into_iter().chain(letters).collect())
}

impl SourceSettings {
    /// Parses settings. A setting that cannot be used is refused with a sentence.
    pub fn parse(given: GivenSource) -> Result<Self> {
        let url = RepositoryUrl::parse(&given.url).map_err(|error| unusable(&error.to_string()))?;
        let is_given = |text: &String| !text.is_empty();
        let branch = given.branch.filter(is_given);
        let branch = branch.map(|branch| BranchName::parse(&branch)).transpose();
        let folder = given
            .folder
            .map(|folder| folder.trim_end_matches('/').to_owned());
        let folder = folder.filter(is_given).map(RelativePath::parse).transpose();
        let folder = folder.map_err(|_| {
            unusable("the folder is a path in the repository, such as lectures/unit1")
        })?;
        if folder
            .as_ref()
            .is_some_and(|folder| folder.as_str().chars().any(char::is_control))
        {
            return Err(unusable("the folder has a control character. Remove it"));
        }
        let every = given.every.unwrap_or(USUAL);
        if !(SHORTEST..=LONGEST).contains(&every) {
            return Err(unusable("the time between two looks is from 5m to 30d"));
        }
        if given.exclude.len() > MOST_PATTERNS {
            return Err(unusable(&format!(
                "there are at most {MOST_PATTERNS} patterns in exclude"
            )));
        }
        let exclude = given.exclude.iter().map(|text| Exclude::parse(text));
        Ok(Self {
            url,
            branch: branch.map_err(|error| unusable(&error.to_string()))?,
            folder,
            exclude: exclude.collect::<Result<_>>()?,
            every,
            allow_solutions: given.allow_solutions,
        })
    }

    /// Whether a path of the folder is left out.
    pub fn excludes(&self, path: &str) -> bool {
        self.exclude.iter().any(|pattern| pattern.matches(path))
    }

    pub(super) fn row(&self) -> rows::Settings {
        rows::Settings {
            url: self.url.clone(),
            branch: self.branch.clone(),
            folder: self.folder.clone(),
            exclude: self
                .exclude
                .iter()
                .map(|pattern| pattern.as_str().to_owned())
                .collect(),
            every: i64::try_from(self.every.as_secs()).unwrap_or(i64::MAX),
            allow_solutions: self.allow_solutions,
        }
    }

    pub(super) fn of_row(row: &rows::Settings) -> Result<Self> {
        let exclude = row.exclude.iter().map(|text| Exclude::parse(text));
        Ok(Self {
            url: row.url.clone(),
            branch: row.branch.clone(),
            folder: row.folder.clone(),
            exclude: exclude.collect::<Result<_>>()?,
            every: Duration::from_secs(u64::try_from(row.every).unwrap_or(0)).max(SHORTEST),
            allow_solutions: row.allow_solutions,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> GivenSource {
        GivenSource {
            url: "https://git.example.org/algebra.git".to_owned(),
            branch: Some("main".to_owned()),
            folder: Some("lectures/".to_owned()),
            exclude: vec![".solutions/".to_owned()],
            every: None,
            allow_solutions: false,
        }
    }

    #[test]
    fn settings_are_parsed_and_stored_alike() {
        let settings = SourceSettings::parse(given()).unwrap();
        assert_eq!(settings.every, USUAL);
        assert_eq!(settings.folder.as_ref().unwrap().as_str(), "lectures");
        let again = SourceSettings::of_row(&settings.row()).unwrap();
        assert_eq!(again.row(), settings.row());
        let least = GivenSource {
            url: given().url,
            ..GivenSource::default()
        };
        let least = SourceSettings::parse(least).unwrap();
        assert!(least.branch.is_none() && least.folder.is_none() && !least.allow_solutions);
    }

    #[test]
    fn an_unusable_setting_is_refused_with_a_sentence() {
        let minute = Some(Duration::from_mins(1));
        for (wrong, why) in [
            (
                GivenSource {
                    url: "file:///etc".into(),
                    ..given()
                },
                "https://",
            ),
            (
                GivenSource {
                    branch: Some("--upload-pack=x".into()),
                    ..given()
                },
                "branch",
            ),
            (
                GivenSource {
                    folder: Some("../up".into()),
                    ..given()
                },
                "folder",
            ),
            (
                GivenSource {
                    folder: Some("a\nb".into()),
                    ..given()
                },
                "folder",
            ),
            (
                GivenSource {
                    every: minute,
                    ..given()
                },
                "5m",
            ),
            (
                GivenSource {
                    exclude: vec!["[".into()],
                    ..given()
                },
                "exclude",
            ),
            (
                GivenSource {
                    exclude: vec!["a".into(); 51],
                    ..given()
                },
                "exclude",
            ),
        ] {
            let error = SourceSettings::parse(wrong).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
            assert!(error.starts_with(char::is_uppercase), "{error}");
        }
    }
}
