//! The columns of a roster, by the words of spreadsheets and campus systems in several languages.

use super::table::Table;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// The columns by which a list of Canvas is recognised.
const OF_CANVAS: [&str; 3] = ["student", "sisuserid", "section"];
/// The columns by which a list of Brightspace is recognised. It marks the names and numbers of people with a `#`.
const OF_BRIGHTSPACE: [&str; 2] = ["orgdefinedid", "endoflineindicator"];
/// The name of the column with user names in nbgrader. In a list of Canvas, it holds Canvas's own numbers of people.
const ID: &str = "id";
/// The words below, which the nbgrader plugin reads too.
pub(super) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let text = include_str!("../../python/nbcourier/columns.json");
    let words: Words = serde_json::from_str(text).expect("a file of the source");
    words.plain()
});

/// The words of spreadsheets and campus systems in several languages. Only letters and digits count, without case and
/// accents.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// Names of the column with user names. If two columns match, the name that comes first here wins.
    pub(super) user: Vec<String>,
    /// Names of the column with the numbers of students, which is used if there is no other column of user names.
    pub(super) number: Vec<String>,
    pub(super) first_name: Vec<String>,
    /// Names that mean a first name only beside a column of last names.
    pub(super) first_name_beside_last_name: Vec<String>,
    pub(super) last_name: Vec<String>,
    pub(super) last_name_beside_first_name: Vec<String>,
    pub(super) email: Vec<String>,
    pub(super) role: Vec<String>,
    /// Roles. One that is in no list is refused.
    pub(super) student: Vec<String>,
    pub(super) assistant: Vec<String>,
    pub(super) instructor: Vec<String>,
    /// The beginnings of a line below a list that names nobody.
    pub(super) total: Vec<String>,
}

impl Words {
    fn plain(mut self) -> Self {
        let lists = [
            &mut self.user,
            &mut self.number,
            &mut self.first_name,
            &mut self.first_name_beside_last_name,
            &mut self.last_name,
            &mut self.last_name_beside_first_name,
            &mut self.email,
            &mut self.role,
            &mut self.student,
            &mut self.assistant,
            &mut self.instructor,
            &mut self.total,
        ];
        for word in lists.into_iter().flatten() {
            *word = plain(word);
        }
        self
    }
}

pub(super) fn is_in(words: &[String], word: &str) -> bool {
    words.iter().any(|known| known == word)
}

/// The places of the columns.
#[derive(Debug, Clone)]
pub struct Columns {
    /// The column with the user names.
    pub user: usize,
    /// Whether the user names are matriculation numbers.
    pub by_number: bool,
    /// Whether the users may be marked with a `#`.
    pub(super) is_marked: bool,
    pub(super) role: Option<usize>,
    pub(super) first_name: Option<usize>,
    pub(super) last_name: Option<usize>,
    pub(super) email: Option<usize>,
}

/// The reason why the columns of a table are no roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRoster {
    /// There is no column of this name.
    NoSuchColumn(String),
    /// No column holds user names.
    NoUser,
    /// Two columns have this name, which is that of the user names.
    Twice(String),
    /// These columns have the same meaning.
    SameMeaning(Vec<String>),
}

impl Columns {
    /// Finds the columns. `user_column` is the name of the one with the user names, if it is not a known one.
    pub fn find(table: &Table, user_column: Option<&str>) -> Result<Self, NoRoster> {
        let names: Vec<String> = table.columns().map(plain).collect();
        let words = &*WORDS;
        let find = |known: &[String]| {
            let mut found = known.iter();
            found.find_map(|known| names.iter().position(|name| name == known))
        };
        let is_of_canvas = names.iter().any(|name| OF_CANVAS.contains(&name.as_str()));
        let (user, by_number) = match user_column {
            Some(given) => {
                let place = table
                    .columns()
                    .position(|name| name == given)
                    .or_else(|| names.iter().position(|name| *name == plain(given)))
                    .ok_or_else(|| NoRoster::NoSuchColumn(given.to_owned()))?;
                (place, false)
            }
            None => find(&words.user)
                .filter(|place| names[*place] != ID || !is_of_canvas)
                .map(|place| (place, false))
                .or_else(|| find(&words.number).map(|place| (place, true)))
                .ok_or(NoRoster::NoUser)?,
        };
        if names.iter().filter(|name| **name == names[user]).count() > 1 {
            let name = table.columns().nth(user).unwrap_or_default();
            return Err(NoRoster::Twice(name.to_owned()));
        }
        let (mut first_name, mut last_name) = (find(&words.first_name), find(&words.last_name));
        // "Nom" is a last name beside "Prénom" and a first name beside "Cognoms".
        if first_name.is_none() && last_name.is_some() {
            first_name = find(&words.first_name_beside_last_name);
        } else if last_name.is_none() && first_name.is_some() {
            last_name = find(&words.last_name_beside_first_name);
        }
        for known in [
            &words.role,
            &words.first_name,
            &words.last_name,
            &words.email,
        ] {
            let two: Vec<String> = table
                .columns()
                .zip(&names)
                .filter(|(_, name)| is_in(known, name))
                .map(|(column, _)| column.to_owned())
                .collect();
            if two.len() > 1 {
                return Err(NoRoster::SameMeaning(two));
            }
        }
        Ok(Self {
            user,
            by_number,
            is_marked: names
                .iter()
                .any(|name| OF_BRIGHTSPACE.contains(&name.as_str())),
            role: find(&words.role),
            first_name,
            last_name,
            email: find(&words.email),
        })
    }

    /// Returns the names of the columns that mean nothing here.
    pub fn unused<'a>(&self, table: &'a Table) -> impl Iterator<Item = &'a str> + use<'a> {
        let used = [
            Some(self.user),
            self.role,
            self.first_name,
            self.last_name,
            self.email,
        ];
        let columns = table.columns().enumerate();
        columns
            .filter(move |(place, name)| !used.contains(&Some(*place)) && !name.is_empty())
            .map(|(_, name)| name)
    }

    /// Returns the places of names and addresses.
    pub fn details(&self) -> [Option<usize>; 3] {
        [self.first_name, self.last_name, self.email]
    }
}

/// Returns the letters and digits of a column's name, without case and accents.
pub(super) fn plain(column: &str) -> String {
    let lower = column.to_lowercase();
    lower
        .nfkd()
        .filter(|c| c.is_alphanumeric())
        .map(|c| match c {
            'ı' => 'i',
            'ł' => 'l',
            'đ' => 'd',
            'ø' => 'o',
            'ς' => 'σ',
            other => other,
        })
        .collect()
}
