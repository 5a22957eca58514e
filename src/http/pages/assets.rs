//! The style sheet, the script and the icon of the pages. The first two have a hash in their names, so that browsers
//! keep them until they change.

use crate::http::error::{Error, Result};
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use nbcourier_domain::Sha256Sum;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("static/style.css");
const SCRIPT: &str = include_str!("static/page.js");
const ICON: &[u8] = include_bytes!("static/favicon.ico");

static STYLE_NAME: LazyLock<String> = LazyLock::new(|| named("style", STYLE, "css"));
static SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| named("page", SCRIPT, "js"));

/// Returns the name of the style sheet.
pub fn style_name() -> &'static str {
    &STYLE_NAME
}

/// Returns the name of the script.
pub fn script_name() -> &'static str {
    &SCRIPT_NAME
}

fn named(stem: &str, content: &str, ending: &str) -> String {
    let hash = Sha256Sum(Sha256::digest(content).into()).to_string();
    format!("{stem}-{}.{ending}", &hash[..16])
}

/// `GET static/{file}`
pub async fn file(name: web::Path<String>) -> Result<HttpResponse> {
    let (content, kind) = if *name == *STYLE_NAME {
        (STYLE, "text/css; charset=utf-8")
    } else if *name == *SCRIPT_NAME {
        (SCRIPT, "text/javascript; charset=utf-8")
    } else {
        return Err(Error::NoSuchPath);
    };
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(content))
}

/// `GET favicon.ico`
pub async fn icon() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("image/x-icon")
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .body(ICON)
}

#[cfg(test)]
mod tests {
    use super::{SCRIPT, STYLE};

    #[test]
    fn style_and_script_are_small() {
        assert!(STYLE.len() <= 10_000, "{}", STYLE.len());
        assert!(SCRIPT.len() <= 8_000, "{}", SCRIPT.len());
    }

    /// Returns the relative luminance of a colour, from which contrast is computed (WCAG 2.2, "relative luminance").
    fn luminance(colour: &str) -> f64 {
        let long: String = if colour.len() == 3 {
            colour.chars().flat_map(|digit| [digit, digit]).collect()
        } else {
            colour.to_owned()
        };
        let part = |at: usize| {
            let level = f64::from(u8::from_str_radix(&long[at..at + 2], 16).unwrap()) / 255.0;
            if level <= 0.04045 {
                level / 12.92
            } else {
                ((level + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
    }

    /// Returns the two values of a custom property, for the light and the dark theme.
    fn colours(name: &str) -> [&'static str; 2] {
        let rule = format!("--{name}: light-dark(#");
        let (_, rest) = STYLE.split_once(&rule).unwrap_or_else(|| panic!("{name}"));
        let (light, rest) = rest.split_once(", #").unwrap();
        let (dark, _) = rest.split_once(')').unwrap();
        [light, dark]
    }

    #[test]
    fn text_and_fields_have_the_contrast_that_people_need() {
        // The minima of level AA: 4.5 for text, 3 for controls.
        let text = [
            ("text", 4.5),
            ("quiet", 4.5),
            ("link", 4.5),
            ("good", 4.5),
            ("late", 4.5),
            ("bad", 4.5),
            ("field", 3.0),
        ];
        for ground in ["ground", "soft"] {
            for (name, least) in text {
                for theme in 0..2 {
                    let (one, other) = (
                        luminance(colours(name)[theme]),
                        luminance(colours(ground)[theme]),
                    );
                    let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                    assert!(contrast >= least, "{name} on {ground}: {contrast}");
                }
            }
        }
    }
}
