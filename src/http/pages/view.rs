//! The surroundings of a page: language, times, theme and addresses for its reader, and the headers of the reply.

use super::assets;
use super::times::Times;
use super::words::{Language, ToValue, Value, Words};
use crate::http::error::Result;
use crate::http::state::AppState;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    self, AcceptLanguage, ContentType, Header as _, HeaderName, HeaderValue, Preference,
};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use jiff::tz::TimeZone;
use nbcourier_auth::{AuthError, Caller, PageTokens};
use nbcourier_domain::{ByteSize, CourseId, Timestamp};
use nbcourier_exchange::{May, Place};
use nbcourier_work::Bug;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The cookie with the language that a reader chose.
pub const LANGUAGE_COOKIE: &str = "nbcourier-language";
/// The cookie with the time zone of a reader's browser.
pub const ZONE_COOKIE: &str = "nbcourier-zone";
/// The cookie with the theme that a reader chose.
pub const THEME_COOKIE: &str = "nbcourier-theme";

/// Maximum number of names in one sentence.
const NAMES: usize = 20;

/// Every character of a path segment that is escaped in an address. Unreserved ones stay (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// Headers of every page besides its content security policy. The window that opened a page gets no reference to it,
/// even one of the same origin. Browsers that do not know a value ignore it.
const HEADERS: [(HeaderName, &str); 5] = [
    (OPENER_POLICY, "noopener-allow-popups"),
    (
        PERMISSIONS_POLICY,
        "camera=(), microphone=(), geolocation=()",
    ),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "Accept-Language, Cookie"),
];

/// The theme of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the reader's system has it.
    System,
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

impl Theme {
    /// All themes.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Returns the name in cookies and forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Returns the theme of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// A link within a page.
#[derive(Debug, Clone)]
pub struct Link {
    /// The address.
    pub href: String,
    /// The text.
    pub text: String,
    /// Whether it leads to the page that is open.
    pub is_current: bool,
}

/// What a page says of itself above its content.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The title, which is also the heading.
    pub title: String,
    /// A few quiet words beside the heading.
    pub aside: String,
    /// The pages above this one, from the first.
    pub crumbs: Vec<Link>,
    /// The pages beside this one.
    pub tabs: Vec<Link>,
}

impl Head {
    /// Returns the head of a page with this title.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }
}

/// The surroundings of a page.
pub struct View {
    words: &'static Words,
    /// The form of times on the page.
    pub times: Times,
    /// The theme of the page.
    pub theme: Theme,
    /// The prefix of the service. It begins and ends with `/`.
    pub prefix: String,
    /// The address of the hub's own pages, if there is a hub.
    pub hub_home: Option<String>,
    /// How readers reach the people who run the exchange.
    pub contact: Option<String>,
    /// The reader's name, if they are known.
    pub name: Option<String>,
    /// Whether the reader is an administrator.
    pub is_admin: bool,
    /// The title of the course that the page is about, if it has one.
    pub course_title: Option<String>,
    /// The reader's rights in that course.
    pub may: May,
    /// Whether that course counts work on notebooks.
    pub is_counted: bool,
    /// The course that the page is about, as the request found it, for further queries.
    pub visited: Option<Place>,
    tokens: Option<PageTokens>,
    /// Whether the exchange runs without a hub.
    pub is_trial: bool,
    nonce: String,
}

impl View {
    /// Returns the surroundings for the request, whose caller may be unknown.
    pub fn of(request: &HttpRequest, caller: Option<&Caller>) -> Result<Self> {
        let state = AppState::of(request)?;
        let settings = &state.pages;
        let language = chosen_language(request);
        let words = Words::of(language);
        let own_zone = cookie(request, ZONE_COOKIE);
        let own_zone = own_zone.and_then(|name| TimeZone::get(&name).ok());
        let zone = settings.time_zone.clone();
        Ok(Self {
            words,
            times: Times::new(words, zone, own_zone, Timestamp::now()),
            theme: cookie(request, THEME_COOKIE)
                .and_then(|name| Theme::parse(&name))
                .unwrap_or(Theme::System),
            prefix: state.prefix.0.clone(),
            hub_home: settings.hub_home.clone(),
            contact: settings.contact.clone(),
            name: caller.map(|caller| caller.name().to_string()),
            is_admin: caller.is_some_and(|caller| caller.is_admin()),
            course_title: None,
            may: May::default(),
            is_counted: false,
            visited: None,
            tokens: caller.and_then(|caller| caller.page_tokens().cloned()),
            is_trial: !state.authenticator.has_login(),
            nonce: nonce()?,
        })
    }

    /// Returns the message with that key.
    pub fn say(&self, key: &str) -> String {
        self.words.say(key)
    }

    /// Returns the message with that key and one value.
    pub fn say_with(&self, key: &str, name: &str, value: impl ToValue) -> String {
        self.words.say_with(key, name, value)
    }

    /// Returns the message with that key and these values.
    pub fn say_all(&self, key: &str, values: &[(&str, Value<'_>)]) -> String {
        self.words.say_all(key, values)
    }

    /// Returns names in one text: the first ones, and how many others there are.
    pub fn names(&self, names: &[String]) -> String {
        let first = names[..names.len().min(NAMES)].join(", ");
        match names.len().saturating_sub(NAMES) {
            0 => first,
            more => self.say_all(
                "more-names",
                &[("names", first.to_value()), ("n", more.to_value())],
            ),
        }
    }

    /// Returns a number with its digits in groups.
    pub fn number(&self, number: usize) -> String {
        self.words.number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// Returns the language.
    pub const fn language(&self) -> Language {
        self.words.language()
    }

    /// Returns the languages that readers can choose.
    pub const fn languages(&self) -> [Language; 3] {
        Language::OFFERED
    }

    /// Returns a size in the units of files.
    pub fn size(&self, bytes: impl ToValue) -> String {
        let bytes = match bytes.to_value() {
            Value::Number(bytes) => u64::try_from(bytes).unwrap_or(0),
            Value::Text(_) => 0,
        };
        let text = ByteSize(bytes).rounded();
        match self.language() {
            Language::German | Language::French => text.replace('.', ","),
            _ => text,
        }
        .replace(" bytes", &format!(" {}", self.say("bytes")))
    }

    /// Returns the address of the page below the prefix whose path has these segments.
    pub fn at(&self, segments: &[&str]) -> String {
        let mut address = self.prefix.clone();
        for (place, segment) in segments.iter().enumerate() {
            if place > 0 {
                address.push('/');
            }
            address.extend(utf8_percent_encode(segment, SEGMENT));
        }
        address
    }

    /// Returns a text as it is written in a segment or an argument of an address.
    pub fn segment(&self, text: &str) -> String {
        utf8_percent_encode(text, SEGMENT).to_string()
    }

    /// Returns an address below another one: a word, and after it a path of these segments.
    pub fn below(&self, address: &str, word: &str, segments: &[&str]) -> String {
        let mut address = format!("{address}/{word}");
        for segment in segments {
            address.push('/');
            address.extend(utf8_percent_encode(segment, SEGMENT));
        }
        address
    }

    /// Returns a course for a query: as the request has found it, if it has.
    pub fn place(&self, course: &CourseId) -> Place {
        let visited = self.visited.as_ref();
        let visited = visited.filter(|visited| visited.course() == course);
        visited.cloned().unwrap_or_else(|| course.clone().into())
    }

    /// Returns the address of a course.
    pub fn course(&self, course: &str) -> String {
        self.at(&["c", course])
    }

    /// Returns the name of the course that the page is about, after its title if it has one.
    pub fn course_name(&self, course: &str) -> String {
        match &self.course_title {
            Some(title) => format!("{title} ({course})"),
            None => course.to_owned(),
        }
    }

    /// Returns a link to the course that the page is about.
    pub fn course_link(&self, course: &str) -> Link {
        self.link(self.course(course), &self.course_name(course))
    }

    /// Returns the address of an assignment.
    pub fn assignment(&self, course: &str, assignment: &str) -> String {
        self.at(&["c", course, "a", assignment])
    }

    /// Returns the address of a submission.
    pub fn submission(&self, course: &str, id: &impl ToString) -> String {
        self.at(&["c", course, "s", &id.to_string()])
    }

    /// Returns the token with which scripts of the page read, if the reader has a session.
    pub fn reading_token(&self) -> Option<&str> {
        self.tokens.as_ref().map(|tokens| tokens.reading.as_str())
    }

    /// Returns the token that forms of the page send, if the reader has a session.
    pub fn writing_token(&self) -> Option<&str> {
        self.tokens.as_ref().map(|tokens| tokens.writing.as_str())
    }

    /// Returns the token that ends the session. Without a hub there is none to end.
    pub fn logout_token(&self) -> Option<&str> {
        self.writing_token().filter(|_| !self.is_trial)
    }

    /// Returns the nonce of the page's styles and scripts.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Returns the address of the style sheet.
    pub fn style(&self) -> String {
        self.at(&["static", assets::style_name()])
    }

    /// Returns the address of the script.
    pub fn script(&self) -> String {
        self.at(&["static", assets::script_name()])
    }

    /// Returns a link to the first page, to begin the path to another one.
    pub fn home_crumb(&self) -> Link {
        self.link(self.prefix.clone(), &self.say("nav-courses"))
    }

    /// Returns a link.
    pub fn link(&self, href: String, text: &str) -> Link {
        Link {
            href,
            text: text.to_owned(),
            is_current: false,
        }
    }

    /// Returns the page.
    pub fn page(&self, template: &impl Template) -> Result<HttpResponse> {
        self.page_with(StatusCode::OK, template)
    }

    /// Returns the page with that status.
    pub fn page_with(&self, status: StatusCode, template: &impl Template) -> Result<HttpResponse> {
        self.reply(status, template, policy(&self.nonce))
    }

    /// Returns a page with a form. Its status is 400 if the form comes back with a problem.
    pub fn page_of_form(
        &self,
        template: &impl Template,
        has_problem: bool,
    ) -> Result<HttpResponse> {
        let status = if has_problem {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        };
        self.page_with(status, template)
    }

    /// Returns a page whose frames may show only addresses below this one. Without an address, it has no frames.
    pub fn page_framing(
        &self,
        template: &impl Template,
        frames: Option<&str>,
    ) -> Result<HttpResponse> {
        let frames = frames.unwrap_or("'none'");
        let policy = format!("{}; frame-src {frames}", policy(&self.nonce));
        self.reply(StatusCode::OK, template, policy)
    }

    fn reply(
        &self,
        status: StatusCode,
        template: &impl Template,
        policy: String,
    ) -> Result<HttpResponse> {
        let html = template.render().map_err(Bug::new)?;
        let mut response = HttpResponse::build(status);
        response
            .insert_header(ContentType::html())
            .insert_header((header::CONTENT_SECURITY_POLICY, policy));
        for (name, value) in HEADERS {
            response.insert_header((name, HeaderValue::from_static(value)));
        }
        Ok(response.body(html))
    }
}

/// Returns the content security policy. It permits only styles and scripts with the nonce of the page, and the icon. No
/// other page may frame this one, and forms go only to this service. `'self'` is too wide for styles and scripts: on a
/// hub with one domain, the servers of all users have the same origin.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Returns an unguessable text.
pub fn nonce() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| AuthError::Failed("the system has no random numbers"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Returns the value of a cookie, decoded.
fn cookie(request: &HttpRequest, name: &str) -> Option<String> {
    let cookie = request.cookie(name)?;
    let value = percent_decode_str(cookie.value()).decode_utf8().ok()?;
    Some(value.into_owned())
}

/// Returns the language of the cookie, else the first of the browser's that pages have, else English.
fn chosen_language(request: &HttpRequest) -> Language {
    if let Some(language) = cookie(request, LANGUAGE_COOKIE).and_then(|tag| Language::parse(&tag)) {
        return language;
    }
    let accepted = AcceptLanguage::parse(request)
        .map(|accepted| accepted.ranked())
        .unwrap_or_default();
    let known = accepted.iter().find_map(|preference| match preference {
        Preference::Specific(tag) => Language::OFFERED
            .into_iter()
            .find(|language| language.tag() == tag.primary_language()),
        Preference::Any => None,
    });
    known.unwrap_or(Language::English)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::cookie::Cookie;
    use actix_web::test::TestRequest;

    #[test]
    fn the_reader_chooses_the_language_and_else_the_browser_does() {
        let of = |accepted: &str, cookie: Option<&str>| {
            let mut request = TestRequest::get().insert_header(("accept-language", accepted));
            if let Some(tag) = cookie {
                request = request.cookie(Cookie::new(LANGUAGE_COOKIE, tag.to_owned()));
            }
            chosen_language(&request.to_http_request()).tag()
        };
        assert_eq!(of("de-AT,de;q=0.9,en;q=0.5", None), "de");
        assert_eq!(of("ja,fr;q=0.3,en;q=0.2", None), "fr");
        assert_eq!(of("ja", None), "en");
        assert_eq!(of("*", None), "en");
        assert_eq!(of("!!", None), "en");
        assert_eq!(of("de", Some("fr")), "fr");
        assert_eq!(of("de", Some("nonsense")), "de");
    }
}
