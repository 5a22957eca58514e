//! The space that courses, people and the trash take, and the space that a clean-up would free.

use super::{address, head};
use crate::http::error::Result;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::ToValue;
use crate::http::state::Retention;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::Timestamp;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::administration::{self, Room};

/// Number of courses with the most bytes.
const COURSES: usize = 10;

#[derive(Template)]
#[template(path = "admin/storage.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    room: &'a Room,
    courses: Vec<(&'a str, u64)>,
    people: Vec<(&'a str, u64)>,
    days: u64,
    trash: String,
}

impl Page<'_> {
    fn moment(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn free(&self) -> String {
        let (free, total) = (
            self.view.size(self.room.disk.free),
            self.view.size(self.room.disk.total),
        );
        let values = [("free", free.to_value()), ("total", total.to_value())];
        self.view.say_all("free-of", &values)
    }

    fn contents(&self) -> String {
        let (number, bytes) = self.room.blobs;
        let size = self.view.size(bytes);
        let values = [("n", number.to_value()), ("size", size.to_value())];
        self.view.say_all("contents-of", &values)
    }

    fn limited(&self, bytes: &u64, quota: Option<u64>) -> String {
        let stored = self.view.size(*bytes);
        match quota {
            Some(quota) => {
                let quota = self.view.size(quota);
                let values = [("size", stored.to_value()), ("limit", quota.to_value())];
                self.view.say_all("size-of", &values)
            }
            None => stored,
        }
    }

    fn of_course(&self, bytes: &u64) -> String {
        self.limited(bytes, self.room.quotas[0])
    }

    fn of_person(&self, bytes: &u64) -> String {
        self.limited(bytes, self.room.quotas[1])
    }

    fn link_to_person(&self, name: &str) -> String {
        format!(
            "{}?name={}",
            address(self.view, "people"),
            self.view.segment(name)
        )
    }
}

/// `GET admin/storage`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    retention: web::Data<Retention>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let room = administration::room(&exchange, &caller, retention.0).await?;
    let sizes = room.sizes.as_deref();
    let mut courses: Vec<(&str, u64)> = sizes
        .into_iter()
        .flat_map(|sizes| sizes.courses.values())
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    courses.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    courses.truncate(COURSES);
    let people = sizes.into_iter().flat_map(|sizes| &sizes.people);
    view.page(&Page {
        head: head(&view, "storage"),
        courses,
        people: people
            .map(|(name, bytes)| (name.as_str(), *bytes))
            .collect(),
        days: retention.days(),
        trash: address(&view, "trash"),
        room: &room,
        view: &view,
    })
}
