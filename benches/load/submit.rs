//! Sends many submissions at once and measures how fast the health check responds meanwhile.

use crate::Failure;
use crate::form::Form;
use crate::http::Connection;
use crate::options::Options;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Pause between two health checks.
const HEALTH_PAUSE: Duration = Duration::from_millis(5);
/// Time before the load begins, so that at least one health check meets an idle server.
const HEAD_START: Duration = Duration::from_millis(50);

/// The results of one connection.
#[derive(Default)]
struct ConnectionResults {
    answers: Vec<Duration>,
    refused: usize,
    first_refusal: Option<String>,
}

/// Submits, and reports rates and times.
pub fn run(options: &Options) -> Result<Value, Failure> {
    let form = Form::new(options.files, options.bytes);
    let next = AtomicUsize::new(0);
    let over = AtomicBool::new(false);
    let ready = Barrier::new(options.connections + 1);
    let seen = Mutex::new(Vec::new());
    let mut worst_health = None;
    let mut elapsed = Duration::ZERO;
    thread::scope(|scope| -> Result<(), Failure> {
        let senders: Vec<_> = (0..options.connections)
            .map(|_| {
                let mut form = form.clone();
                let (next, ready, seen) = (&next, &ready, &seen);
                scope.spawn(move || {
                    ready.wait();
                    let outcome = send(options, &mut form, next);
                    seen.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(outcome);
                })
            })
            .collect();
        let health = options
            .health
            .then(|| scope.spawn(|| watch_health(&options.address, &over)));
        thread::sleep(HEAD_START);
        ready.wait();
        let start = Instant::now();
        for sender in senders {
            sender.join().map_err(|_| "a sender fell over")?;
        }
        elapsed = start.elapsed();
        over.store(true, Ordering::Relaxed);
        if let Some(health) = health {
            worst_health = Some(health.join().map_err(|_| "the watcher fell over")??);
        }
        Ok(())
    })?;
    let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    report(seen, elapsed, worst_health)
}

fn send(
    options: &Options,
    form: &mut Form,
    next: &AtomicUsize,
) -> Result<ConnectionResults, Failure> {
    let mut seen = ConnectionResults::default();
    let mut connection = Connection::open(&options.address)?;
    let path = format!("{}/submission/{}", options.prefix, options.place);
    let start = Instant::now();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let enough = match options.count {
            Some(count) => number >= count,
            None => start.elapsed() >= options.time,
        };
        if enough {
            return Ok(seen);
        }
        let student = options.student(number);
        let body = form.of(&student, options.mark(number));
        let begun = Instant::now();
        connection.begin("POST", &path, &student, body.len())?;
        connection.send(body)?;
        let head = connection.read_head()?;
        let reply = connection.read_body(head)?;
        if head.status == 200 {
            seen.answers.push(begun.elapsed());
        } else {
            seen.refused += 1;
            seen.first_refusal
                .get_or_insert_with(|| String::from_utf8_lossy(&reply).into_owned());
        }
    }
}

/// Returns the longest time of a health check. Each one uses a new connection, as a probe does.
fn watch_health(address: &str, over: &AtomicBool) -> Result<Duration, Failure> {
    let mut worst = Duration::ZERO;
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let (status, _) = Connection::open(address)?.get("/healthz", "nobody")?;
        if status != 200 {
            return Err(format!("healthz answered {status}").into());
        }
        worst = worst.max(begun.elapsed());
        thread::sleep(HEALTH_PAUSE);
    }
    Ok(worst)
}

fn report(
    seen: Vec<Result<ConnectionResults, Failure>>,
    elapsed: Duration,
    worst_health: Option<Duration>,
) -> Result<Value, Failure> {
    let mut all = ConnectionResults::default();
    for outcome in seen {
        let seen = outcome?;
        all.answers.extend(seen.answers);
        all.refused += seen.refused;
        all.first_refusal = all.first_refusal.or(seen.first_refusal);
    }
    all.answers.sort();
    let at = |share: usize| {
        let place = (all.answers.len() * share / 100).min(all.answers.len().saturating_sub(1));
        all.answers.get(place).map_or(0.0, milliseconds)
    };
    Ok(json!({
        "submissions": all.answers.len(),
        "refused": all.refused,
        "refusal": all.first_refusal,
        "seconds": elapsed.as_secs_f64(),
        "p50_ms": at(50),
        "p99_ms": at(99),
        "max_ms": at(100),
        "health_max_ms": worst_health.as_ref().map(milliseconds),
    }))
}

fn milliseconds(time: &Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
