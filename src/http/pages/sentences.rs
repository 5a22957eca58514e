//! Events as sentences in the reader's language. Stored text appears only as names, times and numbers.

use super::times::Moment;
use super::view::View;
use super::words::ToValue;
use nbcourier_domain::{Timestamp, UserName};
use nbcourier_exchange::events::Event;
use serde_json::Value;

/// An event on a page.
pub struct Line {
    /// Its time.
    pub at: Moment,
    /// The sentence about the event.
    pub sentence: String,
    /// A note of the person who did it, the reason of a refusal, or that it takes something back.
    pub note: Option<String>,
    /// The address and the text of a link to the submission.
    pub submission: Option<(String, String)>,
}

/// Returns the event as a line. `course` is the name of its course, if it has one.
pub fn line(view: &View, course: Option<&str>, event: &Event) -> Line {
    let detail: Value = event
        .detail
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or(Value::Null);
    let note = detail["note"]
        .as_str()
        .or_else(|| detail["reason"].as_str());
    let note = note.map(str::to_owned);
    let is_undo = detail.get("undoes").is_some();
    let undo = is_undo.then(|| view.say("taken-back"));
    let submission = event.submission.zip(course);
    let submission = submission.filter(|_| event.action != "submission deleted");
    let submission = submission.map(|(id, course)| {
        let text = view.say_with("submission-title", "number", id.to_string());
        (view.submission(course, &id), text)
    });
    Line {
        at: view.times.second(event.at),
        sentence: sentence(view, event, &detail),
        note: undo.or(note),
        submission,
    }
}

/// Returns the words for the person who did something. Accounts of the machine are nobody's business.
fn actor(view: &View, name: &str) -> String {
    let parsed = UserName::parse(name);
    if name == UserName::of_server().as_str() {
        view.say("actor-server")
    } else if parsed.is_ok_and(|name| name.is_operator()) {
        view.say("actor-operator")
    } else {
        name.to_owned()
    }
}

/// Returns what happened.
fn sentence(view: &View, event: &Event, detail: &Value) -> String {
    let actor = actor(view, &event.actor);
    let subject = event.subject.as_deref().unwrap_or(&actor);
    let formerly = detail["formerly"].as_str().unwrap_or("–");
    let assignment = event.assignment.as_deref().unwrap_or_default();
    let directory = detail["directory"].as_str().unwrap_or("–");
    let time = |value: &Value| {
        let at = value.as_str().and_then(|text| Timestamp::parse(text).ok());
        at.map_or_else(
            || "–".to_owned(),
            |at| view.times.short(at).text().to_owned(),
        )
    };
    let (due, was) = (time(&detail["due_at"]), time(&detail["before"]["due_at"]));
    let hours = detail["hours"].as_i64().unwrap_or(0);
    let key = match (event.action.as_str(), event.subject.is_some()) {
        ("course created", _) => "event-course-created",
        ("course deleted", _) => "event-course-deleted",
        ("course restored", _) => "event-course-restored",
        ("course changed", _) => "event-course-changed",
        ("roster changed", _) => "event-roster-changed",
        ("roster removed", _) => "event-roster-removed",
        ("released", _) => "event-released",
        ("unreleased", _) => "event-unreleased",
        ("assignment deleted", _) => "event-assignment-deleted",
        ("assignment restored", _) => "event-assignment-restored",
        ("dates set", _) => "event-dates-set",
        ("extension set", _) => "event-extension-set",
        ("extension removed", _) => "event-extension-removed",
        ("allowance set", _) => "event-allowance-set",
        ("allowance removed", _) => "event-allowance-removed",
        ("submitted", false) => "event-submitted",
        ("submitted", true) => "event-submitted-for",
        ("submission refused", _) => "event-refused",
        ("submission deleted", _) => "event-submission-deleted",
        ("submission restored", _) => "event-submission-restored",
        ("feedback given", _) => "event-feedback-given",
        ("feedback deleted", _) => "event-feedback-deleted",
        ("feedback restored", _) => "event-feedback-restored",
        ("directory created", _) => "event-directory-created",
        ("directory changed", _) => "event-directory-changed",
        ("directory shared", _) => "event-directory-shared",
        ("directory written", _) => "event-directory-written",
        ("directory labelled", _) => "event-directory-labelled",
        ("directory reverted", _) => "event-directory-reverted",
        ("directory deleted", _) => "event-directory-deleted",
        ("directory restored", _) => "event-directory-restored",
        ("source set", _) => "event-source-set",
        ("source pulled", _) => "event-source-pulled",
        ("source removed", _) => "event-source-removed",
        ("page shared", _) => "event-page-shared",
        ("share revoked", false) => "event-share-revoked",
        ("share revoked", true) => "event-share-revoked-of",
        ("imported", _) if event.submission.is_some() => "event-imported-submission",
        ("imported", _) if event.assignment.is_some() => "event-imported-assignment",
        ("imported", _) => "event-imported",
        ("joined by group", _) => "event-joined",
        ("left by group", _) => "event-left",
        ("trash emptied", _) => "event-trash-emptied",
        ("events forgotten", _) => "event-events-forgotten",
        ("example data", _) => "event-example-data",
        ("user renamed", true) => "event-user-renamed",
        ("user merged", true) => "event-user-merged",
        ("user set aside", true) => "event-user-set-aside",
        ("user purged", true) => "event-user-purged",
        _ => {
            let action = event.action.as_str();
            return view.say_all(
                "event-other",
                &[("actor", actor.to_value()), ("action", action.to_value())],
            );
        }
    };
    view.say_all(
        key,
        &[
            ("actor", actor.to_value()),
            ("subject", subject.to_value()),
            ("assignment", assignment.to_value()),
            ("directory", directory.to_value()),
            ("due", due.to_value()),
            ("n", hours.to_value()),
            ("was", was.to_value()),
            ("formerly", formerly.to_value()),
        ],
    )
}
