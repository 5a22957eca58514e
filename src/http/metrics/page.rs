//! All metrics with their names and descriptions. The registry adds a full stop to each description.

use super::process::Process;
use super::requests::Requests;
use nbcourier_auth::{Authenticator, HubMetrics};
use nbcourier_domain::Timestamp;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::upkeep::measure::{Common, Holdings, Sent};
use nbcourier_exchange::upkeep::runs::{Run, Task};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// Returns the metrics that count since the process started.
pub fn counted(
    requests: &Requests,
    exchange: &Exchange,
    authenticator: &Authenticator,
) -> Registry {
    let mut registry = Registry::default();
    let mode = if authenticator.has_login() {
        "hub"
    } else {
        "standalone"
    };
    registry.register(
        "nbcourier_build",
        "Which nbcourier this is",
        Info::new([("version", env!("CARGO_PKG_VERSION")), ("mode", mode)]),
    );
    register_requests(requests, &mut registry);
    if let Some(metrics) = authenticator.hub_metrics() {
        register_hub(metrics, &mut registry);
    }
    register_work(exchange, &mut registry);
    registry
}

/// Returns the metrics that are measured for each page. `holdings` is `None` when the storage cannot be read.
pub fn measured(holdings: Option<&Holdings>, process: &Process) -> Registry {
    let mut registry = Registry::default();
    registry.register(
        "nbcourier_storage_up",
        "Whether database and blobs could be looked at for this page",
        ConstGauge::new(u64::from(holdings.is_some())),
    );
    if let Some(holdings) = holdings {
        register_storage(holdings, &mut registry);
    }
    register_process(process, &mut registry);
    registry
}

/// Returns the metrics as text.
pub fn text(registries: [&Registry; 2]) -> String {
    let mut text = String::new();
    for registry in registries {
        if prometheus_text::encode(&mut text, registry).is_err() {
            // Writing to a string cannot fail.
            log::error!("The numbers could not be written down");
        }
    }
    text
}

fn register_requests(requests: &Requests, registry: &mut Registry) {
    registry.register(
        "nbcourier_http_requests",
        "Requests answered, by the pattern of their address",
        requests.replies.clone(),
    );
    registry.register(
        "nbcourier_http_request_duration_seconds",
        "From the head of a request to the last byte of its answer",
        requests.times.clone(),
    );
    registry.register(
        "nbcourier_http_requests_in_flight",
        "Requests that are being answered",
        requests.in_flight.clone(),
    );
    registry.register(
        "nbcourier_http_request_bytes",
        "Bytes of the bodies of requests",
        requests.bytes_in.clone(),
    );
    registry.register(
        "nbcourier_http_response_bytes",
        "Bytes of the bodies of answers",
        requests.bytes_out.clone(),
    );
    registry.register(
        "nbcourier_refusals",
        "Requests refused because they went over a limit",
        requests.refusals.clone(),
    );
}

fn register_hub(metrics: &HubMetrics, registry: &mut Registry) {
    registry.register(
        "nbcourier_hub_checks",
        "Questions to the hub whose a token is, by its answer",
        metrics.checks.clone(),
    );
    registry.register(
        "nbcourier_hub_answer_seconds",
        "How long the hub took to answer, or was waited for",
        metrics.answers.clone(),
    );
    registry.register(
        "nbcourier_token_cache_lookups",
        "Tokens looked up in what the hub said before",
        metrics.lookups.clone(),
    );
    registry.register(
        "nbcourier_hub_grace_uses",
        "Tokens that counted only because the hub knew them before it went away",
        metrics.remembered.clone(),
    );
}

fn register_work(exchange: &Exchange, registry: &mut Registry) {
    let work = exchange.metrics();
    registry.register(
        "nbcourier_submissions",
        "Submissions taken in",
        work.submissions.clone(),
    );
    registry.register(
        "nbcourier_releases",
        "Versions of assignments released",
        work.releases.clone(),
    );
    registry.register(
        "nbcourier_directory_versions",
        "Versions of directories made",
        work.directory_versions.clone(),
    );
    registry.register(
        "nbcourier_feedback",
        "Feedback given on submissions",
        work.feedback.clone(),
    );
    registry.register(
        "nbcourier_activity_items",
        "Pieces of students' work on notebooks that were counted",
        work.activity.clone(),
    );
    registry.register(
        "nbcourier_unnoted_readings",
        "Fetches and readings of students not noted, since too many waited or the database failed",
        work.unnoted.clone(),
    );
    let writer = exchange.writer_metrics();
    registry.register(
        "nbcourier_writer_waiting",
        "Changes that wait for the database's writer",
        writer.waiting.clone(),
    );
    registry.register(
        "nbcourier_writer_batch_size",
        "Changes that shared a commit",
        writer.batches.clone(),
    );
    registry.register(
        "nbcourier_writer_commit_seconds",
        "Commits with the flush of the disk",
        writer.commits.clone(),
    );
    registry.register(
        "nbcourier_writer_failures",
        "Commits that failed",
        writer.failures.clone(),
    );
}

fn register_storage(holdings: &Holdings, registry: &mut Registry) {
    for (name, help, value) in [
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
    ] {
        registry.register(name, help, ConstGauge::new(value));
    }
    // A server of databases has metrics of its own.
    if let Some(files) = &holdings.database {
        registry.register(
            "nbcourier_database_bytes",
            "Size of the database",
            ConstGauge::new(files.database),
        );
        registry.register(
            "nbcourier_database_log_bytes",
            "Size of the database's write-ahead log",
            ConstGauge::new(files.write_ahead_log),
        );
    }
    if let Some(ahead) = holdings.clock_ahead {
        registry.register(
            "nbcourier_clock_ahead_seconds",
            "By how much the clock of this machine is ahead of the database's",
            ConstGauge::new(seconds(ahead)),
        );
    }
    if let Some(sent) = &holdings.sent {
        register_sent(sent, registry);
    }
    if let Some(common) = &holdings.common {
        register_common(common, registry);
    }
}

fn register_sent(sent: &Sent, registry: &mut Registry) {
    for (name, help, value) in [
        (
            "nbcourier_objects_sent",
            "Objects sent to the bucket",
            sent.objects,
        ),
        ("nbcourier_object_sent_bytes", "Their bytes", sent.bytes),
        (
            "nbcourier_object_failures",
            "Files that could not be sent to the bucket",
            sent.failures,
        ),
    ] {
        registry.register(name, help, ConstCounter::new(value));
    }
}

/// Registers what all servers have in common.
fn register_common(common: &Common, registry: &mut Registry) {
    if let Some((objects, bytes)) = common.removed_objects {
        registry.register(
            "nbcourier_removed_objects",
            "Objects without data, which wait for their deletion",
            ConstGauge::new(objects),
        );
        registry.register(
            "nbcourier_removed_object_bytes",
            "Their bytes",
            ConstGauge::new(bytes),
        );
    }
    for (name, help, value) in [
        (
            "nbcourier_blobs",
            "Contents stored, each counted once; some seconds old",
            common.blobs.0,
        ),
        ("nbcourier_blob_bytes", "Their bytes", common.blobs.1),
        (
            "nbcourier_source_failures",
            "Directories whose repository could not be followed three times or more in a row",
            common.failing_sources,
        ),
    ] {
        registry.register(name, help, ConstGauge::new(value));
    }
    registry.register(
        "nbcourier_task_last_run_timestamp_seconds",
        "When the task last ended, well or not; 0 for never",
        ends(common, |run| Some(run.ended_at)),
    );
    registry.register(
        "nbcourier_task_last_success_timestamp_seconds",
        "When the task last ended well; 0 for never",
        ends(common, |run| run.succeeded_at),
    );
}

/// Times in seconds since 1970, by the name of the task.
type Ends = Family<[(&'static str, &'static str); 1], Gauge<f64, AtomicU64>>;

/// Returns a time of the last run of each task. A task that never ran is at 0, so that an alert on its age fires for it
/// too.
fn ends(common: &Common, of: fn(&Run) -> Option<Timestamp>) -> Ends {
    let ends = Ends::default();
    for task in Task::REGULAR {
        let run = common.runs.iter().find(|run| run.task == task.word());
        let time = seconds(run.and_then(of).map_or(0, Timestamp::micros));
        ends.get_or_create(&[("task", task.word())]).set(time);
    }
    ends
}

fn register_process(process: &Process, registry: &mut Registry) {
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
            registry.register(name, help, ConstGauge::new(value));
        }
    }
    if let Some(seconds) = process.cpu_seconds {
        registry.register(
            "process_cpu_seconds",
            "Seconds that the cores worked for it",
            ConstCounter::new(seconds),
        );
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "microseconds of centuries are exact in it"
)]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
