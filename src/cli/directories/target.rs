//! `OWNER/DIRECTORY[/PATH][@VERSION]` on the command line.

use nbcourier_client::{Client, DirectoryAddress, Error};
use nbcourier_domain::{CourseId, DirectoryOwner, RelativePath};

/// The prefixes of owners that contain a colon, and are not the ID of a course before one.
const PREFIXES: [&str; 4] = ["course:", "service:", "former:", "operator:"];

/// A directory, and perhaps a path and a version in it, as written on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The owner. Without one, it is the caller.
    owner: Option<DirectoryOwner>,
    /// The name of the directory.
    name: String,
    /// The path in the directory, or an empty text.
    pub path: String,
    /// The version.
    pub version: Option<i64>,
}

impl Target {
    /// Returns the address of the directory. The owner of a bare name is the caller, whom the exchange knows.
    pub async fn address(&self, exchange: &Client) -> Result<DirectoryAddress, Error> {
        let owner = if let Some(owner) = &self.owner {
            owner.clone()
        } else {
            let own = exchange.directories(&[("reach", "own")]).await?;
            let found = own.iter().find(|directory| directory.name == self.name);
            let found = found.ok_or_else(|| {
                Error::Impossible(format!(
                    "You have no directory {}. `nbcourier dir list` shows those that you can read",
                    self.name
                ))
            })?;
            DirectoryOwner::parse(&found.owner.address())
                .map_err(|error| Error::Impossible(error.to_string()))?
        };
        Ok(DirectoryAddress {
            owner,
            name: self.name.clone(),
        })
    }

    /// Returns the owner, or `None` for the caller.
    pub fn owner(&self) -> Option<String> {
        self.owner.as_ref().map(ToString::to_string)
    }

    /// Returns the name of the directory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the target without its path and its version, as it was written.
    pub fn directory(&self) -> String {
        match &self.owner {
            Some(owner) => format!("{owner}/{}", self.name),
            None => self.name.clone(),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.directory())?;
        if !self.path.is_empty() {
            write!(f, "/{}", self.path)?;
        }
        match self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

/// Parses a directory with or without a path and a version.
pub fn target(text: &str) -> Result<Target, String> {
    let (text, version) = match text.rsplit_once('@') {
        Some((before, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            match number.parse() {
                Ok(version) => (before, Some(version)),
                Err(_) => return Err("a version is a number behind an @".to_owned()),
            }
        }
        _ => (text, None),
    };
    let (owner, rest) = owner(text)?;
    let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.trim_end_matches('/');
    if name.is_empty() {
        return Err("write OWNER/DIRECTORY, COURSE:DIRECTORY, or the name of your own".to_owned());
    }
    if !path.is_empty() && RelativePath::parse(path).is_err() {
        return Err(format!("{path} is no path in a directory"));
    }
    Ok(Target {
        owner,
        name: name.to_owned(),
        path: path.to_owned(),
        version,
    })
}

/// Splits the owner from the rest. A bare name has none.
fn owner(text: &str) -> Result<(Option<DirectoryOwner>, &str), String> {
    let has_prefix = PREFIXES.iter().any(|prefix| text.starts_with(prefix));
    let first = text.split('/').next().unwrap_or(text);
    if !has_prefix && let Some((course, _)) = first.split_once(':') {
        let id = CourseId::parse(course).map_err(|error| error.to_string())?;
        return Ok((Some(DirectoryOwner::Course(id)), &text[course.len() + 1..]));
    }
    match text.split_once('/') {
        None => Ok((None, text)),
        Some((owner, rest)) => {
            let owner = DirectoryOwner::parse(owner).map_err(|error| error.to_string())?;
            Ok((Some(owner), rest))
        }
    }
}

/// Parses a directory without a path and a version.
pub fn directory(text: &str) -> Result<Target, String> {
    let target = target(text)?;
    if target.path.is_empty() && target.version.is_none() {
        return Ok(target);
    }
    Err("name the directory without a path and a version".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_forms_mean_the_long_ones() {
        for (text, shown) in [
            ("algebra:materials", "course:algebra/materials"),
            ("course:algebra/materials", "course:algebra/materials"),
            (
                "algebra:data/weather.csv@17",
                "course:algebra/data/weather.csv@17",
            ),
            ("ada/thesis", "ada/thesis"),
            ("ada/thesis/a b/c@3", "ada/thesis/a b/c@3"),
            ("thesis", "thesis"),
            ("thesis@4", "thesis@4"),
            ("service:grader/x/", "service:grader/x"),
            ("ada@example.org/thesis", "ada@example.org/thesis"),
        ] {
            assert_eq!(target(text).unwrap().to_string(), shown, "{text}");
        }
        for text in [
            "",
            "/",
            "ada/",
            "algebra:",
            "ada/x/../y",
            "ada/x//y",
            ":x",
            "x@99999999999999999999",
        ] {
            assert!(target(text).is_err(), "{text}");
        }
        assert!(directory("ada/thesis/x").is_err());
        assert!(directory("ada/thesis@3").is_err());
    }
}
