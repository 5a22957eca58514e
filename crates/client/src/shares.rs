//! Pages that people share by links.

use super::files::Source;
use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{Share, SharedPage, Shares};
use nbcourier_domain::{Audience, CourseId};
use reqwest::Method;

/// A file of a shared page.
#[derive(Debug, Clone)]
pub struct SentFile {
    /// The name, without a path.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A page to be shared.
#[derive(Debug, Clone)]
pub struct NewShare<'a> {
    /// The course.
    pub course: &'a CourseId,
    /// The title.
    pub title: &'a str,
    /// The people who may see it.
    pub audience: Audience,
    /// The number of days until the link ends. Without it, the exchange decides.
    pub days: Option<u32>,
    /// The page, as HTML.
    pub page: SentFile,
    /// The notebook.
    pub source: Option<SentFile>,
}

impl Client {
    /// Shares a page. Returns its number and its link.
    pub async fn share(&self, new: NewShare<'_>) -> Result<SharedPage> {
        let boundary = format!("nbcourier-{}", uuid::Uuid::new_v4().simple());
        let mut body = Source::default();
        add(
            &mut body,
            &boundary,
            "page",
            "text/html; charset=utf-8",
            new.page,
        );
        if let Some(source) = new.source {
            add(
                &mut body,
                &boundary,
                "source",
                "application/x-ipynb+json",
                source,
            );
        }
        body.add_bytes(format!("--{boundary}--\r\n").into_bytes());
        let days = new.days.map(|days| days.to_string());
        let mut arguments = vec![
            ("course", new.course.as_str()),
            ("title", new.title),
            ("audience", new.audience.word()),
        ];
        arguments.extend(days.as_deref().map(|days| ("days", days)));
        let kind = format!("multipart/form-data; boundary={boundary}");
        let body = Body::QueryAndSource(&arguments, &kind, &body);
        self.send(Method::POST, &["v1", "shares"], body).await
    }

    /// Returns the caller's links, the newest first.
    pub async fn shares(&self) -> Result<Vec<Share>> {
        self.listed(&["v1", "shares"], parts).await
    }

    /// Returns the links of a course, the newest first.
    pub async fn shares_of(&self, course: &CourseId) -> Result<Vec<Share>> {
        let names = ["v1", "courses", course.as_str(), "shares"];
        self.listed(&names, parts).await
    }

    /// Revokes a link.
    pub async fn revoke_share(&self, id: i64) -> Result<()> {
        self.delete(&["v1", "shares", &id.to_string()]).await
    }
}

/// Adds a file as a part of a form.
fn add(body: &mut Source, boundary: &str, part: &str, kind: &str, file: SentFile) {
    // The header ends at a quote or a line break. The exchange needs the name only to recognise it.
    let name: String = file
        .name
        .chars()
        .map(|letter| match letter {
            '"' | '\\' => '_',
            letter if letter.is_control() => '_',
            letter => letter,
        })
        .collect();
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{name}\"\r\n\
         Content-Type: {kind}\r\n\r\n"
    );
    body.add_bytes(head.into_bytes());
    body.add_bytes(file.bytes);
    body.add_bytes(b"\r\n".to_vec());
}

fn parts(page: Shares) -> (Vec<Share>, Option<String>) {
    (page.shares, page.next)
}
