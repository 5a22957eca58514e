//! The log of a test process.

use std::sync::{Arc, Mutex};

/// Everything that any test of this process logged, at any level.
pub struct Logged(Mutex<Vec<String>>);

impl Logged {
    /// Captures everything that is logged from now on.
    pub fn start() -> &'static Self {
        static LOGGED: std::sync::OnceLock<Arc<Logged>> = std::sync::OnceLock::new();
        LOGGED.get_or_init(|| {
            let logged = Arc::new(Logged(Mutex::default()));
            let _ = log::set_boxed_logger(Box::new(Arc::clone(&logged)));
            log::set_max_level(log::LevelFilter::Trace);
            logged
        })
    }

    /// Returns the lines that hold the text.
    pub fn lines(&self, text: &str) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        let with_text = lines.iter().filter(|line| line.contains(text));
        with_text.cloned().collect()
    }

    /// Returns the number of lines that hold the text.
    pub fn count(&self, text: &str) -> usize {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|line| line.contains(text)).count()
    }
}

struct Pairs<'a>(&'a mut String);

impl<'kvs> log::kv::VisitSource<'kvs> for Pairs<'_> {
    fn visit_pair(
        &mut self,
        key: log::kv::Key<'kvs>,
        value: log::kv::Value<'kvs>,
    ) -> Result<(), log::kv::Error> {
        use std::fmt::Write as _;
        Ok(write!(self.0, " {key}={value}")?)
    }
}

impl log::Log for Logged {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut line = format!("{} {}", record.level(), record.args());
        record.key_values().visit(&mut Pairs(&mut line)).unwrap();
        self.0.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}
