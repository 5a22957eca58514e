//! The reasons why a repository is not followed.

/// The reason why a repository was not looked at, fetched or read. Its text is a sentence for the people who named the
/// repository. It has no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A rule forbids it. Another attempt fails in the same way until somebody changes something.
    #[error("{0}")]
    Refused(String),
    /// Something did not work. A later attempt may succeed.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    pub(crate) fn refused(sentence: impl Into<String>) -> Self {
        Self::Refused(sentence.into())
    }

    pub(crate) fn failed(sentence: impl Into<String>) -> Self {
        Self::Failed(sentence.into())
    }
}

/// The maximum length of a quoted text in characters.
const LONGEST: usize = 300;

/// Returns the text of a stranger on one line, without characters that would change how it is shown, and cut off.
pub(crate) fn quoted(text: &str) -> String {
    let is_hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let shown = text
        .chars()
        .map(|c| if is_hidden(c) { '\u{fffd}' } else { c });
    let mut short: String = shown.take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}
