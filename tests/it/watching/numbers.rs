//! A strict reader of Prometheus' text format.

use nbcourier_testkit::{Call, Server};
use std::collections::BTreeMap;

/// A page of metrics.
#[derive(Debug)]
pub struct Numbers {
    pub text: String,
    /// The values by name and labels as written: `name{a="b"}`.
    series: BTreeMap<String, f64>,
}

impl Numbers {
    /// Returns the metrics at the second address when no request is being answered. The last byte of an answer may
    /// arrive before the answer is counted.
    pub fn of(server: &Server) -> Self {
        let port = port(server);
        loop {
            let reply = Call::new("GET", "/metrics").send(port).unwrap().ok();
            let kind = reply.header("content-type").unwrap_or_default();
            assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
            let numbers = Self::parse(&reply.text());
            if numbers.get("nbcourier_http_requests_in_flight") == 0.0 {
                return numbers;
            }
        }
    }

    /// Parses the text; fails on anything that the format or its conventions forbid.
    pub fn parse(text: &str) -> Self {
        let mut kinds = BTreeMap::new();
        let mut helped = None;
        let mut series = BTreeMap::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, sentence) = help.split_once(' ').expect("a help");
                assert!(!sentence.is_empty(), "{line}");
                helped = Some(name);
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a type");
                assert_eq!(helped, Some(name), "help and type belong together");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(kinds.insert(name, kind).is_none(), "twice: {line}");
            } else {
                let (key, value) = line.rsplit_once(' ').expect("a value");
                let name = key.split('{').next().unwrap();
                let legal = |c: char| c.is_ascii_lowercase() || c == '_';
                assert!(name.chars().all(legal), "{line}");
                let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| {
                    let family = name.strip_suffix(end)?;
                    (kinds.get(family) == Some(&"histogram")).then_some(family)
                });
                assert_eq!(helped, Some(family.unwrap_or(name)), "{line}");
                let value: f64 = value.parse().expect("a number");
                assert!(value >= 0.0, "{line}");
                let earlier = series.insert(key.to_owned(), value);
                assert!(earlier.is_none(), "twice: {line}");
            }
        }
        Self {
            text: text.to_owned(),
            series,
        }
    }

    /// Returns the value of a series.
    #[track_caller]
    pub fn get(&self, series: &str) -> f64 {
        let value = self.series.get(series);
        *value.unwrap_or_else(|| panic!("no {series} in\n{}", self.text))
    }

    /// Returns the number of answers on a route.
    #[track_caller]
    pub fn answers(&self, route: &str, method: &str, status: u16) -> f64 {
        self.get(&format!(
            "nbcourier_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}"
        ))
    }

    /// Returns the sum of all series of that name, whatever their labels.
    pub fn sum(&self, name: &str) -> f64 {
        let start = format!("{name}{{");
        let all = self.series.iter();
        all.filter(|(key, _)| key.starts_with(&start))
            .map(|(_, value)| value)
            .sum()
    }

    /// Returns the name, type and labels of each metric that has a series, sorted. The bounds of histograms are no
    /// labels.
    pub fn families(&self) -> Vec<(String, String, String)> {
        let types = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let families = types.filter_map(|(name, kind)| {
            let sample = match kind {
                "histogram" => format!("{name}_count"),
                _ => name.to_owned(),
            };
            let series = self
                .series
                .keys()
                .find(|key| key.split('{').next() == Some(sample.as_str()))?;
            let labels = series.split_once('{').map_or("", |(_, labels)| labels);
            let labels: Vec<&str> = labels
                .split("\",")
                .filter_map(|label| label.split_once("=\"").map(|(name, _)| name))
                .collect();
            Some((name.to_owned(), kind.to_owned(), labels.join(",")))
        });
        let mut families: Vec<_> = families.collect();
        families.sort();
        families
    }

    /// Returns the names and labels of all series.
    pub fn keys(&self) -> Vec<&str> {
        self.series.keys().map(String::as_str).collect()
    }
}

/// Returns the port of the second address.
pub fn port(server: &Server) -> u16 {
    let log = server.log();
    let (_, rest) = log
        .split_once("The metrics are at http://127.0.0.1:")
        .expect("a second address");
    rest.split('/').next().unwrap().parse().unwrap()
}
