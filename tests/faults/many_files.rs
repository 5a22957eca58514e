//! Trees of a hundred thousand files, sent by every way.

use crate::client::{Client, manifest};
use crate::tally::Tally;
use nbcourier_testkit::{Call, Course, Form, Sent, Setup, files_json, tar};
use serde_json::Value;

const FILES: usize = 100_000;
/// The maximum memory of a server with one of these requests, in bytes.
const PEAK: u64 = 64 * 1024 * 1024;

/// The user, the target, the type, the body, and its content coding.
type Body<'a> = (&'a str, &'a str, &'a str, Vec<u8>, Option<&'a str>);

#[test]
fn a_hundred_thousand_files_are_refused_in_constant_memory() {
    let tally = Tally::of("100,000 files in one tree");
    let files: Vec<Sent> = (0..FILES)
        .map(|n| Sent::new(&format!("d{}/{n}", n % 10), n.to_string()))
        .collect();
    let numbered: Vec<Sent> = files
        .iter()
        .map(|file| Sent::new(&format!("1/{}", file.path), file.bytes.clone()))
        .collect();
    let (list, manifest_json) = (files_json(&files), manifest(&files).to_string());
    let archive = tar::archive(&files);
    let mut with_bytes = vec![Sent::new("manifest.json", manifest_json.clone())];
    with_bytes.extend(files.iter().map(|file| {
        Sent::new(
            &nbcourier_testkit::hex_sha256(&file.bytes),
            file.bytes.clone(),
        )
    }));
    let kind = format!("multipart/form-data; boundary={}", Form::BOUNDARY);
    let ngshare = "submission/course1/challenge";
    let v1 = "v1/courses/course1/assignments/challenge/submissions";
    let feedback = "v1/courses/course1/assignments/challenge/feedback";
    let form = Form::new().field("files", &list);
    let tar_kind = "application/x-tar";
    let bodies: Vec<Body<'_>> = vec![
        (
            "lawrence",
            ngshare,
            "application/x-www-form-urlencoded",
            form.urlencoded(),
            None,
        ),
        ("lawrence", ngshare, &kind, form.multipart(), None),
        ("lawrence", v1, tar_kind, archive.clone(), None),
        (
            "lawrence",
            v1,
            tar_kind,
            zstd::encode_all(archive.as_slice(), 1).unwrap(),
            Some("zstd"),
        ),
        (
            "lawrence",
            v1,
            "application/json",
            manifest_json.into_bytes(),
            None,
        ),
        (
            "lawrence",
            v1,
            crate::client::WITH_BYTES,
            tar::archive(&with_bytes),
            None,
        ),
        ("kevin", feedback, tar_kind, tar::archive(&numbered), None),
    ];
    // Each request has a server of its own, because the allocator keeps some of the memory of earlier requests.
    for (user, target, kind, body, packing) in bodies {
        let server = Setup::standalone().start();
        let course = Course::of(&server, "course1");
        course.make(&["kevin"], &["lawrence"]);
        course.release("challenge", "kevin", &[]).ok();
        let work = [Sent::new("work", "")];
        course.submit("challenge", "lawrence", &work).ok();
        tally.answered();
        let client = Client::of(&server);
        let mut call: Call = client.call("POST", target, user).body(kind, body);
        if let Some(packing) = packing {
            call = call.header("Content-Encoding", packing);
        }
        let reply = client.send(&call).expect("an answer");
        tally.round();
        tally.see(&reply, &[]);
        assert_eq!(reply.status, 413, "{kind}: {}", reply.text());
        let peak = server.peak_memory();
        assert!(peak < PEAK, "{kind}: {peak} bytes");
        let listed = server.get("v1/courses/course1/submissions", "kevin").ok();
        let listed = listed.json();
        let lines = listed["submissions"].as_array().expect("a list");
        assert_eq!(lines.len(), 1, "something was stored");
        assert_eq!(lines[0]["feedback"], Value::Null);
        let stored = course.submitted("challenge", "lawrence", None);
        tally.compare(stored == work, "what was there before");
    }
    tally.assert_clean();
}
