//! Requests with invented tokens.

use nbcourier_testkit::http::Connection;
use nbcourier_testkit::{FakeHub, Setup};
use std::sync::atomic::{AtomicUsize, Ordering};

const TOKENS: usize = 10_000;
const AT_ONCE: usize = 4;
/// The maximum memory of the server, in bytes.
const PEAK: u64 = 96 << 20;

#[test]
fn ten_thousand_made_up_tokens_neither_keep_the_hub_busy_nor_others_out() {
    let hub = FakeHub::start();
    hub.knows("root").knows("ada").knows("bob");
    let server = Setup::behind(&hub).start();
    let courses = || server.call("GET", "courses");
    server.send(&courses().token("ada")).ok();
    let (refused, waiting) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..AT_ONCE {
            let (server, refused, waiting) = (&server, &refused, &waiting);
            scope.spawn(move || {
                let mut line = Connection::open(server.port()).unwrap();
                for number in 0..TOKENS / AT_ONCE {
                    let call = server
                        .call("GET", "courses")
                        .token(&format!("guess-{thread}-{number}"));
                    let reply = line
                        .ask(&call.header("X-Forwarded-For", "10.0.0.6"))
                        .unwrap();
                    match reply.status {
                        401 => refused.fetch_add(1, Ordering::SeqCst),
                        429 => waiting.fetch_add(1, Ordering::SeqCst),
                        other => panic!("{other}: {}", reply.text()),
                    };
                }
            });
        }
        for _ in 0..100 {
            server
                .send(&courses().token("ada").header("X-Forwarded-For", "10.0.0.6"))
                .ok();
        }
    });
    let (refused, waiting) = (refused.into_inner(), waiting.into_inner());
    assert_eq!(refused + waiting, TOKENS);
    assert!(waiting > TOKENS / 2, "{refused} {waiting}");
    assert!(
        hub.questions() <= refused + 2,
        "{} for {refused}",
        hub.questions()
    );
    let stranger = server.send(
        &courses()
            .token("one-more")
            .header("X-Forwarded-For", "10.0.0.6"),
    );
    if stranger.status == 429 {
        assert!(stranger.header("retry-after").is_some());
        assert!(
            stranger.message().contains("try again"),
            "{}",
            stranger.text()
        );
    }
    server
        .send(&courses().token("bob").header("X-Forwarded-For", "10.0.0.7"))
        .ok();
    assert!(server.peak_memory() < PEAK, "{}", server.peak_memory());
}
