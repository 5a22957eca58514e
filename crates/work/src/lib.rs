//! Blocking work on threads that may wait for the disk, and reports of bugs in it.

use std::any::Any;

/// The maximum length of a bug's description, in characters. It becomes part of a line of the log.
const MAX_TEXT: usize = 500;

/// A bug of nbcourier: something happened that the code rules out.
///
/// It is neither a fault of the request nor of the storage, and is reported as neither.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a bug of nbcourier: {0}")]
pub struct Bug(String);

impl Bug {
    /// Creates a bug with this description.
    pub fn new(description: impl std::fmt::Display) -> Self {
        Self(description.to_string().chars().take(MAX_TEXT).collect())
    }

    /// Creates a bug from the payload of a panic.
    pub fn from_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::new(format_args!("panicked: {}", text.unwrap_or("no message")))
    }
}

/// Runs `work` on a thread that may wait for the disk. Returns `Err` when it panics.
///
/// All such work goes through here, so that no caller takes a panic for a failure of the disk.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Bug> {
    let done = run(Box::new(move || Box::new(work()))).await?;
    let done = done.downcast::<T>();
    done.map(|result| *result)
        .map_err(|_| Bug::new("blocking work returned another type"))
}

type Work = Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>;

/// Runs work of any type. The code of the runtime would otherwise be compiled for each closure, which made the program
/// half a megabyte larger.
async fn run(work: Work) -> Result<Box<dyn Any + Send>, Bug> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| match error.try_into_panic() {
        Ok(payload) => Bug::from_panic(payload.as_ref()),
        // Blocking work is cancelled only when the runtime ends, and then nobody waits for the result.
        Err(error) => Bug::new(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_bug() {
        assert_eq!(blocking(|| 1).await, Ok(1));
        let panicked = blocking(|| panic!("index {}", 7)).await;
        assert_eq!(panicked, Err::<(), _>(Bug::new("panicked: index 7")));
        let panicked = blocking(|| panic!("a constant")).await;
        assert_eq!(panicked, Err::<(), _>(Bug::new("panicked: a constant")));
        let panicked = blocking(|| std::panic::panic_any(7)).await;
        assert_eq!(panicked, Err::<(), _>(Bug::new("panicked: no message")));
    }

    #[test]
    fn a_description_is_not_longer_than_a_line_of_the_log_bears() {
        let long = Bug::new("é".repeat(10_000)).to_string();
        assert!(long.chars().count() < MAX_TEXT + 50);
    }
}
