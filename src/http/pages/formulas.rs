//! The files of `KaTeX`, which draws the formulas of feedback. They are in `static/katex-0.19.1` as they were
//! published to npm, with its licence.

use crate::http::error::{Error, Result};
use crate::http::request::path::RestOfPath;
use actix_web::HttpResponse;
use actix_web::http::header;

/// The path below the prefix where browsers find these files. A new version has another one.
pub const PLACE: &str = "static/katex-0.19.1/";

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("static/katex-0.19.1/", $path)))),*]
    };
}

/// The files. Of each font, only the format that all current browsers read is here.
const FILES: &[(&str, &[u8])] = files![
    "auto-render.min.js",
    "katex.min.css",
    "katex.min.js",
    "LICENSE",
    "fonts/KaTeX_AMS-Regular.woff2",
    "fonts/KaTeX_Caligraphic-Bold.woff2",
    "fonts/KaTeX_Caligraphic-Regular.woff2",
    "fonts/KaTeX_Fraktur-Bold.woff2",
    "fonts/KaTeX_Fraktur-Regular.woff2",
    "fonts/KaTeX_Main-Bold.woff2",
    "fonts/KaTeX_Main-BoldItalic.woff2",
    "fonts/KaTeX_Main-Italic.woff2",
    "fonts/KaTeX_Main-Regular.woff2",
    "fonts/KaTeX_Math-BoldItalic.woff2",
    "fonts/KaTeX_Math-Italic.woff2",
    "fonts/KaTeX_SansSerif-Bold.woff2",
    "fonts/KaTeX_SansSerif-Italic.woff2",
    "fonts/KaTeX_SansSerif-Regular.woff2",
    "fonts/KaTeX_Script-Regular.woff2",
    "fonts/KaTeX_Size1-Regular.woff2",
    "fonts/KaTeX_Size2-Regular.woff2",
    "fonts/KaTeX_Size3-Regular.woff2",
    "fonts/KaTeX_Size4-Regular.woff2",
    "fonts/KaTeX_Typewriter-Regular.woff2",
];

/// `GET static/katex-0.19.1/{path}`
pub async fn file(path: RestOfPath) -> Result<HttpResponse> {
    let found = FILES.iter().find(|(name, _)| *name == path.0);
    let (name, content) = found.ok_or(Error::NoSuchPath)?;
    let kind = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    };
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        // The sandbox makes the origin of the page unlike any other. Browsers ask for fonts only with this header.
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(*content))
}

/// Returns the beginning of a page whose formulas are drawn. The feedback follows unchanged.
///
/// Nothing of the feedback comes before the scripts, so no open tag or attribute in it can take their nonce.
pub fn opening(place: &str, nonce: &str) -> String {
    format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><link rel=\"stylesheet\" href=\"{place}katex.min.css\">\
         <script nonce=\"{nonce}\" defer src=\"{place}katex.min.js\"></script>\
         <script nonce=\"{nonce}\" defer src=\"{place}auto-render.min.js\"></script>\
         <script nonce=\"{nonce}\">{START}</script>\n"
    )
}

/// Draws the formulas, between the marks that nbgrader's pages know. A wrong formula stays as text.
const START: &str = r#"addEventListener("DOMContentLoaded", function () {
    const environments = ["equation", "align", "alignat", "gather"].map(function (name) {
        return {left: `\\begin{${name}}`, right: `\\end{${name}}`, display: true};
    });
    renderMathInElement(document.body, {
        delimiters: [
            {left: "$$", right: "$$", display: true},
            {left: "\\[", right: "\\]", display: true},
            {left: "$", right: "$", display: false},
            {left: "\\(", right: "\\)", display: false},
            ...environments,
        ],
        maxExpand: 500,
        maxSize: 20,
        throwOnError: false,
        trust: false,
    });
});"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_of_the_style_sheet_is_here() {
        let content = |path: &str| FILES.iter().find(|(name, _)| *name == path).unwrap().1;
        let style = std::str::from_utf8(content("katex.min.css")).unwrap();
        let fonts = style
            .split("url(")
            .filter_map(|rest| rest.split(')').next());
        let mut fonts: Vec<&str> = fonts.filter(|font| font.contains(".woff2")).collect();
        fonts.sort_unstable();
        fonts.dedup();
        assert_eq!(fonts.len(), 20);
        for font in &fonts {
            assert!(content(font).starts_with(b"wOF2"), "{font}");
        }
        assert_eq!(FILES.len(), fonts.len() + 4);
    }
}
