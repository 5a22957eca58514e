//! All metrics in the text format of Prometheus.

use super::process::Process;
use super::requests::Requests;
use super::sheet::{NONE, Sheet};
use actix_web::web::Data;
use nbcourier_auth::{Authenticator, HubTally};
use nbcourier_domain::Timestamp;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::upkeep::measure::Holdings;
use nbcourier_exchange::upkeep::runs::Task;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text};
use prometheus_client::registry::Registry;
use std::fmt::{Debug, Formatter, Result};

pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// The sources of all metrics.
pub struct Page {
    pub requests: Data<Requests>,
    pub exchange: Exchange,
    pub authenticator: Authenticator,
    /// `None` when the storage cannot be read.
    pub holdings: Option<Holdings>,
    pub process: Process,
}

impl Page {
    /// Returns the metrics as text.
    pub fn text(self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        if prometheus_text::encode(&mut text, &registry).is_err() {
            // Writing to a string cannot fail.
            log::error!("The numbers could not be written down");
        }
        text
    }
}

impl Debug for Page {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("Page").finish_non_exhaustive()
    }
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result {
        let mut sheet = Sheet::new(encoder);
        self.service(&mut sheet)?;
        self.requests(&mut sheet)?;
        if let Some(tally) = self.authenticator.hub_tally() {
            hub(tally, &mut sheet)?;
        }
        self.work(&mut sheet)?;
        let up = u64::from(self.holdings.is_some());
        sheet.gauge(
            "nbcourier_storage_up",
            "Whether database and blobs could be looked at for this page",
            up,
        )?;
        if let Some(holdings) = &self.holdings {
            storage(holdings, &mut sheet)?;
        }
        self.process(&mut sheet)
    }
}

impl Page {
    fn service(&self, sheet: &mut Sheet<'_>) -> Result {
        let mode = if self.authenticator.has_login() {
            "hub"
        } else {
            "standalone"
        };
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("mode", mode)];
        sheet.gauges(
            "nbcourier_build_info",
            "Which nbcourier this is",
            [(labels, 1)],
        )
    }

    fn requests(&self, sheet: &mut Sheet<'_>) -> Result {
        let requests = &self.requests;
        let statuses = requests
            .operations()
            .flat_map(|(route, method, operation)| {
                let all = operation.statuses();
                all.map(move |(status, count)| {
                    let labels = [
                        ("route", route.to_owned()),
                        ("method", method.to_owned()),
                        ("status", status),
                    ];
                    (labels, count)
                })
            });
        sheet.counters(
            "nbcourier_http_requests",
            "Requests answered, by the pattern of their address",
            statuses,
        )?;
        let times = requests.operations().map(|(route, method, operation)| {
            let labels = [("route", route), ("method", method)];
            (labels, operation.times.read())
        });
        sheet.seconds(
            "nbcourier_http_request_duration_seconds",
            "From the head of a request to the last byte of its answer",
            times,
        )?;
        sheet.gauge(
            "nbcourier_http_requests_in_flight",
            "Requests that are being answered",
            requests.in_flight.get(),
        )?;
        sheet.counter(
            "nbcourier_http_request_bytes",
            "Bytes of the bodies of requests",
            requests.bytes_in.get(),
        )?;
        sheet.counter(
            "nbcourier_http_response_bytes",
            "Bytes of the bodies of answers",
            requests.bytes_out.get(),
        )?;
        let refusals = requests.refusals().into_iter();
        sheet.counters(
            "nbcourier_refusals",
            "Requests refused because they went over a limit",
            refusals.map(|(limit, count)| ([("limit", limit)], count)),
        )
    }

    fn work(&self, sheet: &mut Sheet<'_>) -> Result {
        let tally = self.exchange.tally();
        for (name, help, count) in [
            (
                "nbcourier_submissions",
                "Submissions taken in",
                &tally.submissions,
            ),
            (
                "nbcourier_releases",
                "Versions of assignments released",
                &tally.releases,
            ),
            (
                "nbcourier_feedback",
                "Feedback given on submissions",
                &tally.feedback,
            ),
        ] {
            sheet.counter(name, help, count.get())?;
        }
        let writer = self.exchange.writer_tally();
        sheet.gauge(
            "nbcourier_writer_waiting",
            "Changes that wait for the database's writer",
            writer.waiting.get(),
        )?;
        sheet.spread(
            "nbcourier_writer_batch_size",
            "Changes that shared a commit",
            writer.batches.read(),
        )?;
        sheet.seconds(
            "nbcourier_writer_commit_seconds",
            "Commits with the flush of the disk",
            [(NONE, writer.commits.read())],
        )?;
        sheet.counter(
            "nbcourier_writer_failures",
            "Commits that failed",
            writer.failures.get(),
        )
    }

    fn process(&self, sheet: &mut Sheet<'_>) -> Result {
        let process = &self.process;
        for (name, help, value) in [
            (
                "process_resident_memory_bytes",
                "Memory in use",
                process.resident_bytes,
            ),
            (
                "process_open_fds",
                "Files and sockets that are open",
                process.open_fds,
            ),
            (
                "process_max_fds",
                "How many of them may be",
                process.max_fds,
            ),
            ("process_threads", "Threads", process.threads),
        ] {
            // A value that the system does not give is left out, since 0 would be wrong.
            if let Some(value) = value {
                sheet.gauge(name, help, value)?;
            }
        }
        match process.cpu_seconds {
            Some(seconds) => sheet.counter(
                "process_cpu_seconds",
                "Seconds that the cores worked for it",
                seconds,
            ),
            None => Ok(()),
        }
    }
}

fn hub(tally: &HubTally, sheet: &mut Sheet<'_>) -> Result {
    let outcomes = [
        ("known", &tally.known),
        ("unknown", &tally.unknown),
        ("unavailable", &tally.unavailable),
    ];
    sheet.counters(
        "nbcourier_hub_checks",
        "Questions to the hub whose a token is, by its answer",
        outcomes.map(|(outcome, count)| ([("outcome", outcome)], count.get())),
    )?;
    sheet.seconds(
        "nbcourier_hub_answer_seconds",
        "How long the hub took to answer, or was waited for",
        [(NONE, tally.answers.read())],
    )?;
    let looks = [("hit", &tally.hits), ("miss", &tally.misses)];
    sheet.counters(
        "nbcourier_token_cache_lookups",
        "Tokens looked up in what the hub said before",
        looks.map(|(result, count)| ([("result", result)], count.get())),
    )?;
    sheet.counter(
        "nbcourier_hub_grace_uses",
        "Tokens that counted only because the hub knew them before it went away",
        tally.remembered.get(),
    )
}

fn storage(holdings: &Holdings, sheet: &mut Sheet<'_>) -> Result {
    for (name, help, value) in [
        (
            "nbcourier_blobs",
            "Contents stored, each counted once; some seconds old",
            holdings.blobs.0,
        ),
        ("nbcourier_blob_bytes", "Their bytes", holdings.blobs.1),
        (
            "nbcourier_disk_free_bytes",
            "Free on the file system of the blobs",
            holdings.blob_space.free,
        ),
        (
            "nbcourier_disk_bytes",
            "Size of that file system",
            holdings.blob_space.total,
        ),
        (
            "nbcourier_database_bytes",
            "Size of the database",
            holdings.database,
        ),
        (
            "nbcourier_database_log_bytes",
            "Size of the database's write-ahead log",
            holdings.write_ahead_log,
        ),
    ] {
        sheet.gauge(name, help, value)?;
    }
    // A task that never ran is at 0, so that an alert on its age fires for it too.
    let ends = |of: fn(&nbcourier_exchange::upkeep::runs::Run) -> Option<Timestamp>| {
        Task::ALL.map(|task| {
            let run = holdings.runs.iter().find(|run| run.task == task.word());
            (
                [("task", task.word())],
                seconds(run.and_then(of).map_or(0, Timestamp::micros)),
            )
        })
    };
    sheet.gauges(
        "nbcourier_task_last_run_timestamp_seconds",
        "When the task last ended, well or not; 0 for never",
        ends(|run| Some(run.ended_at)),
    )?;
    sheet.gauges(
        "nbcourier_task_last_success_timestamp_seconds",
        "When the task last ended well; 0 for never",
        ends(|run| run.succeeded_at),
    )
}

#[allow(
    clippy::cast_precision_loss,
    reason = "microseconds of centuries are exact in it"
)]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
