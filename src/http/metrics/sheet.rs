//! Writes one metric, with one value or with one value for each label set.

use nbcourier_domain::Spreading;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use std::fmt::Result;

/// The empty label set.
pub const NONE: [(&str, &str); 0] = [];

/// The encoder of metrics.
pub struct Sheet<'a>(DescriptorEncoder<'a>);

impl<'a> Sheet<'a> {
    /// Returns a sheet that writes to `encoder`.
    pub fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// Writes a counter. `_total` is added to its name.
    pub fn counter(&mut self, name: &str, help: &str, value: impl EncodeCounterValue) -> Result {
        self.counters(name, help, [(NONE, value)])
    }

    /// Writes a counter with a value for each label set.
    pub fn counters<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> Result {
        let kind = MetricType::Counter;
        let mut all = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in values {
            let mut one = all.encode_family(&labels)?;
            one.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        Ok(())
    }

    /// Writes a gauge.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl EncodeGaugeValue) -> Result {
        self.gauges(name, help, [(NONE, value)])
    }

    /// Writes a gauge with a value for each label set.
    pub fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> Result {
        let kind = MetricType::Gauge;
        let mut all = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in values {
            all.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// Writes a histogram.
    pub fn spread(&mut self, name: &str, help: &str, values: Spreading) -> Result {
        self.spreads(name, help, 1.0, [(NONE, values)])
    }

    /// Writes a histogram of times for each label set. The times were counted in microseconds.
    pub fn seconds<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        times: impl IntoIterator<Item = (L, Spreading)>,
    ) -> Result {
        self.spreads(name, help, 1e6, times)
    }

    fn spreads<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        unit: f64,
        all_values: impl IntoIterator<Item = (L, Spreading)>,
    ) -> Result {
        let kind = MetricType::Histogram;
        let mut all = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, values) in all_values {
            let up_to = values.up_to.iter();
            let buckets: Vec<(f64, u64)> = up_to
                .map(|(bound, count)| (float(*bound) / unit, *count))
                .collect();
            let (sum, count) = (float(values.sum) / unit, values.count());
            let mut one = all.encode_family(&labels)?;
            one.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "exact for centuries of microseconds"
)]
fn float(number: u64) -> f64 {
    number as f64
}
