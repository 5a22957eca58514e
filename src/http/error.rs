//! Maps every error to a status and a message. No other module does.
//!
//! Below the prefix an error has the form of the ngshare protocol: `{"success": false, "message": …}`. Clients compare
//! the messages of that protocol literally, so those must not change. Below `v1/`, `problem` puts the same message into
//! another form.

use super::request_id;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use nbcourier_api::{MAX_ITEMS, TooManyItems};
use nbcourier_auth::AuthError;
use nbcourier_codec::{FileListError, NotPacked, TarError};
use nbcourier_domain::{ByteSize, Count, IllegalKey, IllegalName, IllegalTime};
use nbcourier_exchange::{self as exchange, Denial, QuotaOwner, Thing};
use nbcourier_work::Bug;
use serde_json::json;
use std::borrow::Cow;

/// The result of a handler.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How long a client should wait while the exchange itself cannot work, in seconds.
const RETRY_AFTER: u64 = 10;

/// The reason why a request fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The exchange refuses the request, or cannot answer it.
    #[error(transparent)]
    Exchange(#[from] exchange::Error),
    /// The caller is unknown.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// A bug: a state that the code rules out.
    #[error(transparent)]
    Bug(#[from] Bug),
    /// The request is wrong. The sentence says why.
    #[error("{0}")]
    BadRequest(Cow<'static, str>),
    /// The type or the packing of the body is not supported. The sentence names the supported ones.
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    /// The body exceeds this limit, in bytes.
    #[error("a request larger than {0} bytes")]
    RequestTooLarge(u64),
    /// A field other than a file list exceeds this limit, in bytes.
    #[error("a field larger than {0} bytes")]
    FieldTooLarge(usize),
    /// The headers of a part of a form exceed this limit, in bytes.
    #[error("headers of a part of a form longer than {0} bytes")]
    PartHeadersTooLong(usize),
    /// A part of a form has more headers than this limit.
    #[error("more than {0} headers of a part of a form")]
    TooManyPartHeaders(usize),
    /// A list in the request has more items than this limit.
    #[error("a list of more than {0} items")]
    TooManyItems(usize),
    /// The body unpacks to more than this many times its size.
    #[error("a body that unpacks to more than {0} times its size")]
    PackedTooWell(u64),
    /// No bytes arrived for too long.
    #[error("the body stopped coming")]
    BodyTimeout,
    /// The caller exceeded the limit on requests per second for longer than a moment.
    #[error("more than {per_second} requests a second")]
    TooManyRequests {
        /// The limit, in requests per second.
        per_second: u32,
        /// How long to wait, in seconds.
        retry_after: u64,
    },
    /// The caller has many more open uploads than the limit on concurrent ones.
    #[error("many more than {0} uploads at the same time")]
    TooManyUploads(usize),
    /// The caller has reached this limit on open requests.
    #[error("more than {0} open requests")]
    TooManyOpen(usize),
    /// No resource has this path.
    #[error("no such address")]
    NoSuchPath,
    /// The path does not support the method.
    #[error("no such method here")]
    NoSuchMethod,
    /// The metrics need their token.
    #[error("no metrics token")]
    NoMetricsToken,
    /// Pages change nothing.
    #[error("pages are read-only")]
    PagesReadOnly,
    /// The debugging page is off.
    #[error("debug mode is off")]
    DebugOff,
    /// The file of this size has no such range.
    #[error("no such range of {0} bytes")]
    NoSuchRange(u64),
}

impl Error {
    /// Returns an error 400 with this message.
    pub fn bad(message: impl Into<Cow<'static, str>>) -> Self {
        Self::BadRequest(message.into())
    }

    /// Returns the error for a reply that cannot be serialized as JSON.
    pub fn unwritable(error: serde_json::Error) -> Self {
        Bug::new(error).into()
    }

    /// Returns the message for the client.
    pub fn message(&self) -> Cow<'static, str> {
        self.answer().message
    }

    /// Returns the name of the limit that refused the request. Limits with a setting have its name.
    pub fn limit(&self) -> Option<&'static str> {
        self.answer().limit
    }

    fn answer(&self) -> Answer {
        let too_large = |message: String| Answer::new(StatusCode::PAYLOAD_TOO_LARGE, message);
        let too_many = |message: String| Answer::new(StatusCode::TOO_MANY_REQUESTS, message);
        match self {
            Self::Exchange(error) => answer(error),
            Self::Bug(_) | Self::Auth(AuthError::Failed(_)) => Answer::internal_error(),
            Self::Auth(error @ AuthError::TooManyUnknownTokens { .. }) => {
                Answer::new(error.status_code(), error.to_string()).by("unknown-tokens")
            }
            Self::Auth(error) => Answer::new(error.status_code(), error.to_string()),
            Self::BadRequest(message) => Answer::new(StatusCode::BAD_REQUEST, message.clone()),
            Self::UnsupportedMediaType(message) => {
                Answer::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, *message)
            }
            Self::RequestTooLarge(limit) => too_large(format!(
                "The request is larger than the limit of {limit} bytes; nothing was stored"
            ))
            .by("max-request-size"),
            Self::FieldTooLarge(limit) => too_large(format!(
                "A field is larger than the limit of {limit} bytes; nothing was stored"
            ))
            .by("field-size"),
            Self::PartHeadersTooLong(limit) => too_large(format!(
                "The headers of a part of the form are longer than the limit of {limit} bytes; nothing was stored"
            ))
            .by("part-headers"),
            Self::TooManyPartHeaders(limit) => too_large(format!(
                "A part of the form has more than {limit} headers; nothing was stored"
            ))
            .by("part-headers"),
            Self::TooManyItems(most) => too_large(format!(
                "The list has more than {most} items; nothing was stored. Send it in parts"
            ))
            .by("list-length"),
            Self::PackedTooWell(ratio) => too_large(format!(
                "The body unpacks to more than {ratio} times its size; nothing was stored. Send it with gzip, or \
                 uncompressed"
            )),
            Self::BodyTimeout => Answer::new(
                StatusCode::REQUEST_TIMEOUT,
                "The request stopped coming; nothing was stored",
            )
            .by("body-timeout"),
            Self::TooManyRequests {
                per_second,
                retry_after,
            } => too_many(format!(
                "You send more than {per_second} requests a second: wait for {retry_after} s. A program with a loop \
                 should pause between its requests"
            ))
            .by("max-request-rate"),
            Self::TooManyUploads(limit) => too_many(format!(
                "You have too many open uploads, and {limit} are read at a time; nothing was stored. Try again when \
                 some have ended"
            ))
            .by("max-uploads"),
            Self::TooManyOpen(limit) => too_many(format!(
                "You have {limit} open requests, which is the limit; nothing was stored. Try again when some have \
                 ended"
            ))
            .by("max-open-requests"),
            Self::NoSuchPath => Answer::new(StatusCode::NOT_FOUND, "Not found"),
            Self::NoSuchMethod => Answer::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::NoMetricsToken => Answer::new(StatusCode::UNAUTHORIZED, NO_METRICS_TOKEN),
            Self::DebugOff => Answer::new(StatusCode::FORBIDDEN, "Debug mode is off"),
            Self::NoSuchRange(size) => Answer::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                format!("The file has {size} bytes, and the range begins behind them"),
            ),
            Self::PagesReadOnly => Answer::new(
                StatusCode::FORBIDDEN,
                "The pages of this exchange only show; use a command or the API to change something",
            ),
        }
    }

    /// Returns the cause of the failure for the log. The client does not see all of it.
    pub fn cause(&self) -> String {
        match self {
            Self::Auth(
                AuthError::HubUnavailable { reason, .. }
                | AuthError::SessionsUnavailable { reason },
            ) => format!("{self}: {reason}"),
            _ => self.to_string(),
        }
    }

    /// Returns after how many seconds a retry may succeed.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests { retry_after, .. } => Some(*retry_after),
            Self::TooManyUploads(_) | Self::TooManyOpen(_) => Some(1),
            Self::Auth(
                AuthError::HubUnavailable { retry_after, .. }
                | AuthError::TooManyUnknownTokens { retry_after },
            ) => Some(retry_after.as_secs().max(1)),
            _ => (self.status_code() == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
        }
    }
}

/// The reply to a failure.
struct Answer {
    status: StatusCode,
    /// The message for the client.
    message: Cow<'static, str>,
    /// The name of the limit that refused the request.
    limit: Option<&'static str>,
}

impl Answer {
    fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            message: message.into(),
            limit: None,
        }
    }

    fn by(self, limit: &'static str) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    fn no_space() -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, NO_SPACE).by("min-free-space")
    }

    fn internal_error() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, internal_error())
    }
}

fn answer(error: &exchange::Error) -> Answer {
    use exchange::Error as E;
    let bad = |message: String| Answer::new(StatusCode::BAD_REQUEST, message);
    let not_found = |message: String| Answer::new(StatusCode::NOT_FOUND, message);
    let conflict = |message: String| Answer::new(StatusCode::CONFLICT, message);
    let too_large = |message: String| Answer::new(StatusCode::PAYLOAD_TOO_LARGE, message);
    match error {
        E::NotFound(thing) => not_found(format!("{} not found", name(*thing))),
        E::NoSuchSubmission(id) => not_found(format!("Submission {id} not found")),
        E::AlreadyExists(thing) => conflict(format!("{} already exists", name(*thing))),
        E::Denied(reason) | E::InstructorsAreForAdmins { reason, .. } => {
            Answer::new(StatusCode::FORBIDDEN, denied(*reason))
        }
        E::TeacherAsStudent(role) => conflict(format!("Cannot add {role} as student")),
        E::MemberByGroup(group) => conflict(format!(
            "The role comes from the JupyterHub group {group}: remove the person from that group instead"
        )),
        E::TooLate {
            assignment,
            cutoff_at,
        } => conflict(format!(
            "Too late: the cut-off of {assignment} was {}",
            cutoff_at.to_rfc3339()
        )),
        E::DatesOutOfOrder => bad("An assignment opens first, then is due, then is cut off".into()),
        E::FileTooLarge(_) | E::TooManyFiles(_) | E::PathsTooLong(_) | E::TreeTooLarge(_) => {
            about_sizes(error)
        }
        E::TooManySubmissions {
            assignment,
            student,
            limit,
        } => conflict(format!(
            "{student} has submitted {limit} times to {assignment}, which is the limit; nothing was stored. Earlier \
             submissions count; an instructor can remove some of them"
        ))
        .by("max-submissions"),
        E::OverQuota {
            whose,
            limit,
            used,
            added,
        } => too_large(over_quota(whose, *limit, *used, *added)).by(quota_setting(whose)),
        E::Conflicts { .. }
        | E::OtherVersion(_)
        | E::ChangesTooOld(_)
        | E::NoSuchVersion { .. }
        | E::IntoItself(_)
        | E::TooManyEntries(_)
        | E::TooManyPaths
        | E::TooManyDirectories { .. }
        | E::FromSource(_)
        | E::UnusableFact(_) => about_directory(error),
        E::SharingOff { .. } | E::WorkedOn(_) | E::TooManyShares { .. } | E::ShareOver(_) => {
            about_share(error)
        }
        E::NoSpace { .. } => Answer::no_space(),
        E::WrongSize(path) => bad(format!(
            "The size of {path} is not that of the bytes with its SHA-256"
        )),
        E::MissingBlobs(missing) => conflict(format!(
            "The bytes of {} are missing: send them",
            Count(missing.len(), "file")
        )),
        E::FormerAccount(name) => Answer::new(
            StatusCode::FORBIDDEN,
            format!(
                "This token or session belongs to an earlier account of the name {name}: log in again. If that does \
                 not help, ask the administrators of the exchange to run nbcourier user adopt"
            ),
        ),
        // Only commands on the data directory cause these errors. Their texts say what to do.
        E::NothingStored(_) | E::NothingSetAside(_) => not_found(error.to_string()),
        E::NameInUse(_) | E::ChangedMeanwhile | E::ActivityNotAllowed => conflict(error.to_string()),
        E::SameName(_) | E::ReservedName(_) => bad(error.to_string()),
        E::Bug(_) => Answer::internal_error(),
        error if error.may_be_done() => Answer::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The database did not answer in time, so the change may have been made. Look before you send it again",
        ),
        E::Damaged(..) | E::Store(_) if error.is_damage() => Answer::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Stored data is damaged; the operator should run nbcourier fsck",
        ),
        E::Disk(_) | E::Store(_) if error.is_full() => Answer::no_space(),
        E::Damaged(..) | E::Disk(_) | E::Store(_) => Answer::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The exchange cannot reach its storage now; nothing was changed. Try again soon",
        ),
    }
}

/// Returns the answer to an error about the sizes of an upload.
fn about_sizes(error: &exchange::Error) -> Answer {
    use exchange::Error as E;
    let too_large = |message: String| Answer::new(StatusCode::PAYLOAD_TOO_LARGE, message);
    match error {
        E::FileTooLarge(limit) => too_large(format!(
            "A file is larger than the limit of {limit} bytes; nothing was stored"
        ))
        .by("max-file-size"),
        E::TooManyFiles(limit) => {
            too_large(format!("More than {limit} files; nothing was stored")).by("max-files")
        }
        E::PathsTooLong(limit) => too_large(format!(
            "The paths of the files have more than {} together; nothing was stored",
            ByteSize(*limit as u64)
        ))
        .by("paths-size"),
        E::TreeTooLarge(limit) => too_large(format!(
            "The files are together larger than the limit of {limit} bytes; nothing was stored"
        ))
        .by("max-request-size"),
        _ => too_large(capitalized(&error.to_string())),
    }
}

/// Returns the answer to an error about a directory. Its text says what to do.
fn about_directory(error: &exchange::Error) -> Answer {
    use exchange::Error as E;
    let sentence = capitalized(&error.to_string());
    match error {
        E::Conflicts {
            by_precondition: false,
            ..
        }
        | E::FromSource(_) => Answer::new(StatusCode::CONFLICT, sentence),
        E::Conflicts { .. } | E::OtherVersion(_) => {
            Answer::new(StatusCode::PRECONDITION_FAILED, sentence)
        }
        E::ChangesTooOld(_) | E::NoSuchVersion { .. } => Answer::new(StatusCode::GONE, sentence),
        E::TooManyEntries(limit) => Answer::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "The directory would have more than {limit} files and directories; nothing was stored"
            ),
        )
        .by("max-entries"),
        E::TooManyPaths => Answer::new(StatusCode::PAYLOAD_TOO_LARGE, sentence),
        E::TooManyDirectories { person, limit } => Answer::new(
            StatusCode::CONFLICT,
            format!("{person} has {limit} directories, which is the limit. Delete one first"),
        )
        .by("max-directories"),
        _ => Answer::new(StatusCode::BAD_REQUEST, sentence),
    }
}

/// Returns the answer to an error about a shared page. Its text says what to do.
fn about_share(error: &exchange::Error) -> Answer {
    use exchange::Error as E;
    let sentence = capitalized(&error.to_string());
    match error {
        E::TooManyShares { .. } => Answer::new(StatusCode::CONFLICT, sentence).by("shares"),
        E::ShareOver(_) => Answer::new(StatusCode::GONE, sentence),
        _ => Answer::new(StatusCode::FORBIDDEN, sentence),
    }
}

/// Returns the sentence with a capital letter at its beginning, unless it begins with a path.
fn capitalized(sentence: &str) -> String {
    for (small, capital) in [
        ("the ", "The "),
        ("version ", "Version "),
        ("a notebook ", "A notebook "),
    ] {
        if let Some(rest) = sentence.strip_prefix(small) {
            return format!("{capital}{rest}");
        }
    }
    sentence.to_owned()
}

/// Returns the message for a bug. The log has the cause, which the request ID finds.
fn internal_error() -> String {
    match request_id::current_id() {
        Some(id) => format!(
            "Internal error: send the request ID {id} to the administrators of the exchange, who find the cause in \
             its log"
        ),
        None => "Internal error: the cause is in the log of the exchange".to_owned(),
    }
}

const NO_METRICS_TOKEN: &str = "Send the token for the metrics as \"Authorization: Bearer …\". It is in the file of \
                                the service's --metrics-token-file";

const NO_SPACE: &str = "The exchange is short of disk space and refuses files; nothing was stored. Stored files can \
                        be fetched. Tell the administrators of the exchange";

/// Returns the message for a refused caller, with the reason if the policy gives one.
const fn denied(reason: Option<Denial>) -> &'static str {
    match reason {
        None => "Permission denied",
        Some(Denial::NotAdmin) => "Permission denied (not admin)",
        Some(Denial::NotInstructor) => "Permission denied (not course instructor)",
        Some(Denial::NotRelated) => "Permission denied (not related to course)",
        Some(Denial::NotGranted) => "Permission denied (no grant of the directory)",
    }
}

/// Returns the setting with the quota of such an owner.
const fn quota_setting(whose: &QuotaOwner) -> &'static str {
    match whose {
        QuotaOwner::Student(_) | QuotaOwner::Person(_) => "max-user-size",
        QuotaOwner::Course => "max-course-size",
    }
}

fn over_quota(whose: &QuotaOwner, limit: u64, used: u64, added: u64) -> String {
    let [limit, used, added] = [limit, used, added].map(|bytes| ByteSize(bytes).rounded());
    match whose {
        QuotaOwner::Student(student) => format!(
            "The submissions, directories and shared pages of {student} take {used} of the {limit} for one person, and \
             this would add {added}; nothing was stored. Leave out large files that are not needed, or ask an \
             instructor to remove earlier submissions"
        ),
        QuotaOwner::Person(person) => format!(
            "The submissions, directories and shared pages of {person} take {used} of the {limit} for one person, and \
             this would add {added}; nothing was stored. Remove large files that are not needed, or ask the \
             administrators of the exchange for more space"
        ),
        QuotaOwner::Course => format!(
            "The course takes {used} of the {limit} for one course, and this would add {added}; nothing was stored. \
             An instructor can remove unneeded submissions or assignments, or ask the administrators of the exchange \
             for more space"
        ),
    }
}

fn name(thing: Thing) -> &'static str {
    match thing {
        Thing::Course => "Course",
        Thing::Assignment => "Assignment",
        Thing::Instructor => "Instructor",
        Thing::Assistant => "Assistant",
        Thing::Student => "Student",
        Thing::Version | Thing::DirectoryVersion => "Version",
        Thing::Submission => "Submission",
        Thing::Feedback => "Feedback",
        Thing::Extension => "Extension",
        Thing::Allowance => "Allowance",
        Thing::Directory => "Directory",
        Thing::Path => "Path",
        Thing::Source => "Source",
        Thing::Share => "Shared page",
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.answer().status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after() {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Self::NoSuchRange(size) = self {
            response.insert_header((header::CONTENT_RANGE, format!("bytes */{size}")));
        }
        let scheme = match self {
            Self::Auth(AuthError::Anonymous | AuthError::UnknownToken) => Some("token"),
            Self::NoMetricsToken => Some("Bearer"),
            _ => None,
        };
        if let Some(scheme) = scheme {
            response.insert_header((header::WWW_AUTHENTICATE, scheme));
        }
        failure(&mut response, &self.message())
    }
}

fn failure(response: &mut HttpResponseBuilder, message: &str) -> HttpResponse {
    response.json(json!({ "success": false, "message": message }))
}

impl From<TooManyItems> for Error {
    fn from(TooManyItems: TooManyItems) -> Self {
        Self::TooManyItems(MAX_ITEMS)
    }
}

impl From<IllegalName> for Error {
    fn from(error: IllegalName) -> Self {
        Self::bad(error.to_string())
    }
}

impl From<IllegalTime> for Error {
    fn from(_: IllegalTime) -> Self {
        Self::bad("Time format incorrect")
    }
}

impl From<IllegalKey> for Error {
    fn from(error: IllegalKey) -> Self {
        Self::bad(error.to_string())
    }
}

impl From<NotPacked> for Error {
    fn from(error: NotPacked) -> Self {
        Self::bad(error.to_string())
    }
}

impl From<TarError> for Error {
    fn from(error: TarError) -> Self {
        Self::bad(error.to_string())
    }
}

impl From<FileListError> for Error {
    fn from(error: FileListError) -> Self {
        Self::bad(match error {
            FileListError::NotJson => "Files cannot be JSON decoded",
            FileListError::IncorrectFormat => "Incorrect request format",
            FileListError::IllegalPath => "Illegal path",
            FileListError::NotBase64 => "Content cannot be base64 decoded",
        })
    }
}
