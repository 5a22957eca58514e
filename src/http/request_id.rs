//! The ID of a request.

/// The ID of a request. The log line, the reply and the events of the request carry it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

tokio::task_local! {
    static CURRENT: String;
}

/// Runs the work with this ID as the current one.
pub async fn scope<T>(id: String, work: impl Future<Output = T>) -> T {
    CURRENT.scope(id, work).await
}

/// Returns the ID of the current request. There is none while the body of a reply is sent.
pub fn current_id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}
