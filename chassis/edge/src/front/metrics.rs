//! Requests by route, method and status: counted and timed through handles that are looked up once.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use http::StatusCode;
use metrics::{Counter, Histogram};

use super::answer::Answer;

type Key = (super::answer::Route, &'static str, StatusCode);

/// The handles of every combination that was seen; as many as there are routes and statuses.
#[derive(Default)]
pub(super) struct RouteMetrics(RwLock<HashMap<Key, (Counter, Histogram)>>);

impl RouteMetrics {
    pub(super) fn record(&self, answer: &Answer, status: StatusCode, took: Duration) {
        let key = (answer.route.clone(), answer.method, status);
        if let Some((count, seconds)) =
            self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key)
        {
            count.increment(1);
            seconds.record(took);
            return;
        }
        let (count, seconds) = handles(&key);
        count.increment(1);
        seconds.record(took);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, (count, seconds));
    }
}

fn handles((route, method, status): &Key) -> (Counter, Histogram) {
    let (route, method) = (route.as_str().to_owned(), *method);
    let status = status.as_str().to_owned();
    let count = metrics::counter!("stoa_http_requests_total",
        "route" => route.clone(), "method" => method, "status" => status);
    let seconds = metrics::histogram!("stoa_http_request_seconds",
        "route" => route, "method" => method);
    (count, seconds)
}
