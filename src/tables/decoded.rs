//! The text of a file whose encoding nobody names.

use super::table::NoTable;
use chardetng::EncodingDetector;
use encoding_rs::{Encoding, ISO_8859_2, MACINTOSH, WINDOWS_1250, WINDOWS_1252};
use unicode_normalization::UnicodeNormalization;

const UTF_8: &str = "UTF-8";
const UTF_16: &str = "UTF-16";

/// Parses the name of an encoding.
pub fn encoding(name: &str) -> Result<&'static Encoding, String> {
    let plain = name.trim().to_lowercase().replace([' ', '_'], "-");
    let label = match plain.as_str() {
        "mac-roman" | "macroman" => "macintosh",
        other => other,
    };
    Encoding::for_label(label.as_bytes())
        .ok_or_else(|| "not the name of an encoding, such as windows-1250 or macintosh".to_owned())
}

/// A text and the encoding that it had.
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// The name of the encoding.
    pub encoding: String,
    /// Whether the encoding was guessed.
    pub is_guess: bool,
}

impl Decoded {
    /// Decodes a content. The encoding is guessed if none is given and the content is not in UTF-8 or UTF-16.
    pub fn of(bytes: &[u8], encoding: Option<&'static Encoding>) -> Result<Self, NoTable> {
        let Self {
            text,
            encoding,
            is_guess,
        } = match encoding {
            Some(encoding) => decode(encoding, bytes)
                .map(|text| Self::known(text, encoding.name()))
                .ok_or(NoTable::NotIn(encoding))?,
            None => decoded(bytes).ok_or(NoTable::Unreadable)?,
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        // Old programs end a text with this character.
        let text = text.strip_suffix('\u{1a}').unwrap_or(text);
        // The content is UTF-16 without a byte order mark, or no text at all.
        if text.contains(|c: char| c.is_control() && !"\r\n\t".contains(c)) {
            return Err(NoTable::Unreadable);
        }
        Ok(Self {
            text: text.to_owned(),
            encoding,
            is_guess,
        })
    }

    /// Returns a text that was decoded before, from the encoding of this name.
    pub fn before(text: &str, encoding: &str) -> Result<Self, NoTable> {
        let decoded = Self::of(text.as_bytes(), None)?;
        Ok(Self {
            encoding: encoding.to_owned(),
            is_guess: ![UTF_8, UTF_16].contains(&encoding),
            ..decoded
        })
    }

    fn known(text: String, encoding: &str) -> Self {
        let encoding = if encoding.starts_with(UTF_16) {
            UTF_16
        } else {
            encoding
        };
        Self {
            text,
            encoding: encoding.to_owned(),
            is_guess: false,
        }
    }
}

/// Decodes the text: in the encoding of its byte order mark, else as UTF-8, else in the encoding that fits best.
/// Returns nothing if no encoding fits well.
fn decoded(bytes: &[u8]) -> Option<Decoded> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = decode(encoding, &bytes[mark..])?;
        return Some(Decoded::known(text, encoding.name()));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(Decoded::known(text.to_owned(), UTF_8));
    }
    let mut detector = EncodingDetector::new();
    detector.feed(bytes, true);
    let likely = detector.guess(None, false);
    // Spreadsheets write Windows-1250, and the detector does not know the encoding of old Macs. Windows-1252 is the most
    // frequent encoding, and several others have the same letters at most places. The first of equals wins.
    let candidates = if likely == ISO_8859_2 {
        vec![WINDOWS_1250, likely, MACINTOSH]
    } else {
        vec![likely, MACINTOSH]
    };
    let texts = candidates.into_iter().filter_map(|encoding| {
        let text = decode(encoding, bytes)?;
        // Only a letter beside other letters distinguishes Mac Roman from others.
        let is_possible = encoding != MACINTOSH || has_words(&text);
        is_possible.then(|| (oddities(&text), encoding, text))
    });
    let (oddities, encoding, text) = texts.min_by_key(|(oddities, ..)| *oddities)?;
    if oddities > 0 {
        return None;
    }
    let is_usual = decode(WINDOWS_1252, bytes).is_some_and(|usual| usual == text);
    let encoding = if is_usual { WINDOWS_1252 } else { encoding };
    let encoding = if encoding == MACINTOSH {
        "Mac Roman".to_owned()
    } else {
        encoding.name().replace("windows", "Windows")
    };
    Some(Decoded {
        text,
        encoding,
        is_guess: true,
    })
}

/// Returns the text, with each accent and its letter as one character. Windows-1258 writes them as two.
fn decode(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(text.nfc().collect())
}

/// Whether a letter beyond ASCII stands beside a letter of ASCII.
fn has_words(text: &str) -> bool {
    let is_pair = |(a, b): (char, char)| {
        let is_foreign = |c: char| !c.is_ascii() && c.is_alphabetic();
        is_foreign(a) && b.is_ascii_alphabetic() || is_foreign(b) && a.is_ascii_alphabetic()
    };
    text.chars().zip(text.chars().skip(1)).any(is_pair)
}

/// Returns how many places are wrong if this text is made of names: capitals inside of words, symbols beside letters,
/// letters of two scripts side by side, and characters that are not visible. A wrong encoding makes more of them than
/// the right one.
fn oddities(text: &str) -> usize {
    let chars: Vec<char> = text.chars().collect();
    let is_dash = |c: char| "\u{2013}\u{2014}".contains(c);
    let is_symbol = |c: char| {
        let is_in_names = "\u{2018}\u{2019}\u{b7}\u{b0}".contains(c) || is_dash(c);
        !c.is_ascii() && !c.is_alphabetic() && !c.is_whitespace() && !is_in_names
    };
    let is_of_other_script =
        |c: char| c.is_alphabetic() && c > '\u{24f}' && !('\u{1e00}'..='\u{1eff}').contains(&c);
    let hidden = chars.iter().filter(|c| c.is_control() && !c.is_ascii());
    // Words of ASCII alone are the same in every encoding.
    let has_foreign = |part: &&[char]| part.iter().any(|c| !c.is_ascii());
    let pairs = chars.windows(2).filter(has_foreign).filter(|pair| {
        pair[0].is_lowercase() && pair[1].is_uppercase()
            || is_symbol(pair[0]) && pair[1].is_alphabetic()
            || is_symbol(pair[1]) && pair[0].is_alphabetic()
            || is_dash(pair[0]) && pair[1].is_lowercase()
            || is_of_other_script(pair[0]) && pair[1].is_ascii_alphabetic()
            || is_of_other_script(pair[1]) && pair[0].is_ascii_alphabetic()
    });
    let capitals = chars.windows(3).filter(has_foreign).filter(|three| {
        three[0].is_uppercase() && three[1].is_uppercase() && three[2].is_lowercase()
    });
    hidden.count() + pairs.count() + capitals.count()
}
