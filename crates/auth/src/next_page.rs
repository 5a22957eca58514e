//! The page that a browser opens after its login: a page below our own prefix, never another site.

/// The maximum length in bytes, enough for any of our pages and for the cookie that keeps it.
const MAX_BYTES: usize = 1024;

/// Returns the requested page if it is below the prefix, or else the prefix itself.
pub fn page_below(prefix: &str, asked: &str) -> String {
    or_home(Some(asked), prefix)
}

/// Returns the requested page if it is one of ours, or else the home page, which is the prefix itself.
pub(super) fn or_home(asked: Option<&str>, prefix: &str) -> String {
    asked
        .filter(|page| is_ours(page, prefix))
        .unwrap_or(prefix)
        .to_owned()
}

// Browsers drop tabs and line breaks, take a backslash for a slash, and take `//` for the beginning of a host's name
// (URL Standard). They also resolve dots, even percent-encoded ones, which would lead out of the prefix.
fn is_ours(page: &str, prefix: &str) -> bool {
    let path = page.split(['?', '#']).next().unwrap_or_default();
    page.len() <= MAX_BYTES
        && page
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && page.starts_with(prefix)
        && !page.starts_with("//")
        && !path.split('/').any(is_dots)
}

fn is_dots(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase().replace("%2e", ".");
    segment == "." || segment == ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_ours_are_gone_to() {
        for page in [
            "/services/x/",
            "/services/x/courses/a%20b?page=2#top",
            "/services/x/courses/%E6%95%B0/...",
            "/services/x/?next=../..",
        ] {
            assert_eq!(or_home(Some(page), "/services/x/"), page);
        }
        assert_eq!(or_home(Some("/courses"), "/"), "/courses");
    }

    #[test]
    fn anything_else_ends_at_the_home_page() {
        let long = format!("/services/x/{}", "a".repeat(MAX_BYTES));
        for page in [
            "",
            "/",
            "/services/xy",
            "/services/x",
            "https://evil.example/services/x/",
            "//evil.example/services/x/",
            "/\\evil.example",
            "\\\\evil.example",
            "/services/x/\\evil.example",
            "/services/x/../y",
            "/services/x/%2e%2E/y",
            "/services/x/.%2e",
            "/services/x/a\nb",
            "/services/x/a\tb",
            "/services/x/a b",
            "/services/x/é",
            " /services/x/",
            "javascript:alert(1)",
            &long,
        ] {
            assert_eq!(
                or_home(Some(page), "/services/x/"),
                "/services/x/",
                "{page:?}"
            );
        }
        for page in [
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/.//evil.example",
        ] {
            assert_eq!(or_home(Some(page), "/"), "/", "{page:?}");
        }
        assert_eq!(or_home(None, "/"), "/");
    }
}
