//! The words of pages, in every language. The messages are in `l10n/`, a directory per language.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English, the source of all others.
    English,
    /// German.
    German,
    /// French.
    French,
    /// English in which every message is longer, accented and within brackets. It shows text that cannot be translated
    /// or that does not fit. Only programs built for tests have it.
    Pseudo,
    /// The same from right to left.
    Mirrored,
}

impl Language {
    /// The languages that people can choose.
    pub const OFFERED: [Self; 3] = [Self::English, Self::German, Self::French];

    /// Returns the language tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Pseudo => "qps",
            Self::Mirrored => "qpm",
        }
    }

    /// Returns the name of the language in that language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
            Self::Pseudo | Self::Mirrored => "Pseudo",
        }
    }

    /// Returns the direction of its script, as HTML names it.
    pub const fn direction(self) -> &'static str {
        match self {
            Self::Mirrored => "rtl",
            _ => "ltr",
        }
    }

    /// Returns the language with this tag, if pages have it.
    pub fn parse(tag: &str) -> Option<Self> {
        let all = [
            Self::English,
            Self::German,
            Self::French,
            Self::Pseudo,
            Self::Mirrored,
        ];
        let known = all
            .into_iter()
            .filter(|language| cfg!(debug_assertions) || Self::OFFERED.contains(language));
        known
            .into_iter()
            .find(|language| tag.eq_ignore_ascii_case(language.tag()))
    }

    const fn is_for_tests(self) -> bool {
        matches!(self, Self::Pseudo | Self::Mirrored)
    }

    /// Returns the text between groups of three digits.
    const fn group_separator(self) -> &'static str {
        match self {
            Self::German => ".",
            Self::French => "\u{202f}",
            Self::English | Self::Pseudo | Self::Mirrored => ",",
        }
    }

    fn sources(self) -> &'static [&'static str] {
        match self {
            Self::German => &GERMAN,
            Self::French => &FRENCH,
            Self::English | Self::Pseudo | Self::Mirrored => &ENGLISH,
        }
    }
}

macro_rules! sources {
    ($language:literal) => {
        [
            include_str!(concat!("l10n/", $language, "/common.ftl")),
            include_str!(concat!("l10n/", $language, "/failures.ftl")),
            include_str!(concat!("l10n/", $language, "/student.ftl")),
            include_str!(concat!("l10n/", $language, "/course.ftl")),
            include_str!(concat!("l10n/", $language, "/keeping.ftl")),
            include_str!(concat!("l10n/", $language, "/import.ftl")),
            include_str!(concat!("l10n/", $language, "/admin.ftl")),
            include_str!(concat!("l10n/", $language, "/seen.ftl")),
            include_str!(concat!("l10n/", $language, "/versions.ftl")),
            include_str!(concat!("l10n/", $language, "/undo.ftl")),
            include_str!(concat!("l10n/", $language, "/settings.ftl")),
            include_str!(concat!("l10n/", $language, "/directories.ftl")),
            include_str!(concat!("l10n/", $language, "/material.ftl")),
            include_str!(concat!("l10n/", $language, "/shares.ftl")),
            include_str!(concat!("l10n/", $language, "/starts.ftl")),
            include_str!(concat!("l10n/", $language, "/source.ftl")),
            include_str!(concat!("l10n/", $language, "/notebooks.ftl")),
            include_str!(concat!("l10n/", $language, "/figures.ftl")),
        ]
    };
}

const FILES: usize = 18;
static ENGLISH: [&str; FILES] = sources!("en");
static GERMAN: [&str; FILES] = sources!("de");
static FRENCH: [&str; FILES] = sources!("fr");

/// A value in a message.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Text, such as a name.
    Text(&'a str),
    /// A number, which also decides between singular and plural.
    Number(i64),
}

/// A value that messages can hold.
pub trait ToValue {
    /// Returns it for a message.
    fn to_value(&self) -> Value<'_>;
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                Value::Number(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )*};
}

numbers!(i64, u64, usize, u32, i32);

/// The messages of one language.
pub struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    /// Returns the messages of a language.
    pub fn of(language: Language) -> &'static Self {
        static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::new(Language::English));
        static GERMAN: LazyLock<Words> = LazyLock::new(|| Words::new(Language::German));
        static FRENCH: LazyLock<Words> = LazyLock::new(|| Words::new(Language::French));
        static PSEUDO: LazyLock<Words> = LazyLock::new(|| Words::new(Language::Pseudo));
        static MIRRORED: LazyLock<Words> = LazyLock::new(|| Words::new(Language::Mirrored));
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
            Language::French => &FRENCH,
            Language::Pseudo => &PSEUDO,
            Language::Mirrored => &MIRRORED,
        }
    }

    fn new(language: Language) -> Self {
        let grammar = if language.is_for_tests() {
            Language::English
        } else {
            language
        };
        // The plural rules are those of the language. All tags above can be parsed.
        let tag: LanguageIdentifier = grammar.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        for source in language.sources() {
            // What can be parsed is used. A test refuses sources with errors.
            let (Ok(resource) | Err((resource, _))) = FluentResource::try_new((*source).to_owned());
            bundle.add_resource_overriding(resource);
        }
        // The values of other languages are isolated where they need it.
        bundle.set_use_isolating(language.is_for_tests());
        let formatter = match language {
            Language::German => |value: &FluentValue<'_>, _: &_| grouped(value, Language::German),
            Language::French => |value: &FluentValue<'_>, _: &_| grouped(value, Language::French),
            Language::English | Language::Pseudo | Language::Mirrored => {
                |value: &FluentValue<'_>, _: &_| grouped(value, Language::English)
            }
        };
        bundle.set_formatter(Some(formatter));
        Self { language, bundle }
    }

    /// Returns the language.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Returns the message with that key.
    pub fn say(&self, key: &str) -> String {
        self.say_all(key, &[])
    }

    /// Returns the message with that key and one value.
    pub fn say_with(&self, key: &str, name: &str, value: impl ToValue) -> String {
        self.say_all(key, &[(name, value.to_value())])
    }

    /// Returns the message with that key and these values. A message that a language lacks is in English.
    pub fn say_all(&self, key: &str, values: &[(&str, Value<'_>)]) -> String {
        let mut arguments = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            match value {
                Value::Text(text) => arguments.set((*name).to_owned(), isolated(text)),
                Value::Number(number) => arguments.set((*name).to_owned(), *number),
            }
        }
        let said = self.format(key, &arguments);
        let said = said.or_else(|| {
            let is_source = self.language == Language::English;
            (!is_source).then(|| Self::of(Language::English).format(key, &arguments))?
        });
        let said = said.unwrap_or_else(|| {
            log::error!("No page has the message {key}");
            key.to_owned()
        });
        if self.language.is_for_tests() {
            marked(&said)
        } else {
            said
        }
    }

    fn format(&self, key: &str, arguments: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let said = self
            .bundle
            .format_pattern(pattern, Some(arguments), &mut errors);
        for error in errors {
            log::error!("The message {key} is wrong: {error}");
        }
        Some(said.into_owned())
    }

    /// Returns a number with its digits in groups of three.
    pub fn number(&self, number: i64) -> String {
        grouped_digits(number, self.language)
    }
}

/// Returns the text between marks that isolate it (Unicode Standard Annex 9), if it has letters that are written from
/// right to left. Such a name would otherwise turn the sentence around it.
fn isolated(text: &str) -> Cow<'_, str> {
    let is_rtl = |character: char| {
        matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}' | '\u{200e}'..='\u{202e}')
    };
    if text.chars().any(is_rtl) {
        format!("\u{2068}{text}\u{2069}").into()
    } else {
        text.into()
    }
}

/// Returns the text of a number, for the formatter of a bundle.
fn grouped(value: &FluentValue<'_>, language: Language) -> Option<String> {
    let FluentValue::Number(FluentNumber { value, .. }) = value else {
        return None;
    };
    // All numbers of messages are integers.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "values come from integers that people count"
    )]
    let integer = *value as i64;
    Some(grouped_digits(integer, language))
}

fn grouped_digits(number: i64, language: Language) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + 8);
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push_str(language.group_separator());
        }
        text.push(digit);
    }
    text
}

/// Returns the text as the languages for tests have it. Values, which Fluent isolates, stay as they are.
fn marked(text: &str) -> String {
    let mut marked = String::from("⟦");
    let mut isolated = 0_usize;
    for character in text.chars() {
        match character {
            '\u{2068}' => isolated += 1,
            '\u{2069}' => isolated = isolated.saturating_sub(1),
            _ => {}
        }
        let accented = match character {
            other if isolated > 0 => other,
            'a' => 'á',
            'e' => 'é',
            'i' => 'í',
            'o' => 'ó',
            'u' => 'ú',
            'n' => 'ñ',
            other => other,
        };
        marked.push(accented);
    }
    for _ in 0..text.chars().count() * 2 / 5 {
        marked.push('~');
    }
    let _ = write!(marked, "⟧");
    marked
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluent_bundle::FluentError;
    use fluent_bundle::resolver::errors::ResolverError;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    /// Returns the names of values in each message of a language, found by formatting it without values.
    fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let words = Words::of(language);
        let mut all = BTreeMap::new();
        for source in language.sources() {
            let resource = FluentResource::try_new((*source).to_owned());
            assert!(resource.is_ok(), "{language:?}: {:?}", resource.err());
            for line in source.lines() {
                let Some((key, _)) = line.split_once(" =") else {
                    continue;
                };
                if key.starts_with([' ', '#', '[', '*']) {
                    continue;
                }
                let mut names = BTreeSet::new();
                let pattern = words.bundle.get_message(key).unwrap().value().unwrap();
                let mut errors = Vec::new();
                let _ = words.bundle.format_pattern(pattern, None, &mut errors);
                for error in errors {
                    let FluentError::ResolverError(ResolverError::Reference(missing)) = error
                    else {
                        panic!("{language:?}, {key}: {error:?}");
                    };
                    names.insert(format!("{missing:?}"));
                }
                let before = all.insert(key.to_owned(), names);
                assert!(before.is_none(), "{language:?} has {key} twice");
            }
        }
        all
    }

    #[test]
    fn every_language_has_the_same_messages_with_the_same_values() {
        let english = messages(Language::English);
        for language in [Language::German, Language::French] {
            let translated = messages(language);
            let keys = |all: &BTreeMap<String, _>| all.keys().cloned().collect::<BTreeSet<_>>();
            let difference: Vec<_> = keys(&english)
                .symmetric_difference(&keys(&translated))
                .cloned()
                .collect();
            assert!(difference.is_empty(), "{language:?}: {difference:?}");
            for (key, names) in &english {
                assert_eq!(&translated[key], names, "{language:?}: {key}");
            }
        }
    }

    #[test]
    fn counts_are_grammatical_in_every_language() {
        for language in Language::OFFERED {
            let words = Words::of(language);
            for (key, names) in messages(language) {
                let [name] = names.iter().collect::<Vec<_>>()[..] else {
                    continue;
                };
                if !name.contains("\"n\"") {
                    continue;
                }
                for number in [0, 1, 2, 5, 21] {
                    let said = words.say_with(&key, "n", number);
                    assert!(!said.is_empty() && !said.contains('{'), "{key}: {said}");
                }
                let (one, two) = (words.say_with(&key, "n", 1), words.say_with(&key, "n", 2));
                assert_ne!(one.replace('1', "#"), two, "{language:?}: {key}");
            }
        }
    }

    fn files_below(directory: &Path, ending: &str, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_below(&path, ending, found);
            } else if path.to_str().unwrap().ends_with(ending) {
                found.push(path);
            }
        }
    }

    #[test]
    fn every_message_that_pages_use_exists_and_every_message_is_used() {
        let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/pages");
        let mut files = Vec::new();
        files_below(&pages, ".html", &mut files);
        files_below(&pages, ".rs", &mut files);
        let text: String = files
            .iter()
            .filter(|path| !path.ends_with("words.rs"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        let english = messages(Language::English);
        for call in ["say(\"", "say_with(\"", "say_all(\""] {
            for part in text.split(call).skip(1) {
                let key = part.split('"').next().unwrap();
                assert!(english.contains_key(key), "no message {key}");
            }
        }
        for key in english.keys() {
            let is_numbered = key.rsplit('-').next().unwrap().parse::<u8>().is_ok();
            let used = if is_numbered {
                let stem = key.trim_end_matches(|c: char| c.is_ascii_digit());
                text.contains(&format!("\"{stem}"))
            } else {
                text.contains(&format!("\"{key}\""))
            };
            assert!(used, "no page uses {key}");
        }
    }

    #[test]
    fn no_template_has_words_of_its_own() {
        let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/pages/templates");
        let mut files = Vec::new();
        files_below(&templates, ".html", &mut files);
        assert!(!files.is_empty());
        for path in files {
            let html = std::fs::read_to_string(&path).unwrap();
            let mut text = String::new();
            let mut rest = html.as_str();
            // Tags, expressions, statements and comments are no words, and neither is what stands within <code>.
            while let Some(start) = rest.find(['<', '{']) {
                text.push_str(&rest[..start]);
                let (open, close) = match &rest[start..] {
                    part if part.starts_with("{{") => ("{{", "}}"),
                    part if part.starts_with("{%") => ("{%", "%}"),
                    part if part.starts_with("{#") => ("{#", "#}"),
                    part if part.starts_with("<code>") => ("<code>", "</code>"),
                    part if part.starts_with("<style") => ("<style", "</style>"),
                    _ => ("<", ">"),
                };
                let begin = start + open.len();
                let mut end = rest[begin..]
                    .find(close)
                    .map_or(rest.len(), |at| begin + at);
                // An attribute may hold an expression with `>`.
                if open == "<" {
                    while rest[begin..end].matches("{{").count()
                        > rest[begin..end].matches("}}").count()
                        || rest[begin..end].matches("{%").count()
                            > rest[begin..end].matches("%}").count()
                    {
                        end = rest[end + 1..]
                            .find('>')
                            .map_or(rest.len(), |at| end + 1 + at);
                    }
                }
                rest = rest.get(end + close.len()..).unwrap_or_default();
            }
            text.push_str(rest);
            let text = ["&middot;", "nbcourier", "SHA-256"]
                .iter()
                .fold(text, |text, name| text.replace(name, ""));
            let word = text
                .split_whitespace()
                .find(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1);
            assert_eq!(word, None, "{}", path.display());
        }
    }

    #[test]
    fn numbers_are_grouped_as_in_the_language() {
        let said = |language, number| Words::of(language).number(number);
        assert_eq!(said(Language::English, 1_234_567), "1,234,567");
        assert_eq!(said(Language::German, 1_234_567), "1.234.567");
        assert_eq!(said(Language::French, 1234), "1\u{202f}234");
        assert_eq!(said(Language::English, 999), "999");
        assert_eq!(said(Language::English, -1000), "-1,000");
    }

    #[test]
    fn the_languages_for_tests_mark_what_is_a_message() {
        let said = Words::of(Language::Pseudo).say("nav-help");
        assert!(said.starts_with('⟦') && said.ends_with('⟧'), "{said}");
        assert_eq!(Language::parse("DE"), Some(Language::German));
        assert_eq!(Language::parse("tlh"), None);
    }
}
