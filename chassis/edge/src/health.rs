//! Whether the process lives and is ready, and its metrics: outside the front, so that they answer
//! when everything else is shed.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use futures::future::join_all;
use http::{StatusCode, Uri, header};
use kernel::{Clock, Elapsed};
use store::{Sql, params};

use crate::{Check, Service, serve::Drain};

/// A check that takes longer has failed.
const CHECK_MAX: Duration = Duration::from_secs(2);

const PING: Sql = Sql::new("SELECT 1");

/// Every statement of this module.
pub const ALL: &[Sql] = &[PING];

/// What health is made of.
#[derive(Clone)]
pub struct Health {
    drain: Drain,
    clock: Clock,
    checks: Arc<Vec<(String, Check)>>,
    metrics: fn() -> String,
}

impl Health {
    /// Ready when every service's database answers and its own checks hold, and the process does
    /// not drain. `metrics` writes the text format of Prometheus.
    pub fn new(services: &[Service], drain: Drain, clock: Clock, metrics: fn() -> String) -> Self {
        let mut checks = Vec::new();
        for service in services {
            let store = service.store.clone();
            let ping: Check = Arc::new(move || {
                let store = store.clone();
                Box::pin(async move {
                    let answered = store.read(PING, params![]).await;
                    answered.map(|_| ()).map_err(|error| crate::problem::chain(&error))
                })
            });
            checks.push((format!("{}.store", service.name), ping));
            for (name, check) in &service.ready {
                checks.push((format!("{}.{name}", service.name), Arc::clone(check)));
            }
        }
        Self { drain, clock, checks: Arc::new(checks), metrics }
    }

    /// `/livez`, `/readyz`, `/metrics`; to be merged beside what the front wraps.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/livez", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    /// Runs all checks at once: what they are called, and what is wrong.
    async fn run(&self) -> Vec<(&str, Result<(), String>)> {
        let runs = self.checks.iter().map(|(name, check)| async move {
            let outcome = self.clock.timeout(CHECK_MAX, check()).await;
            let outcome = outcome.unwrap_or_else(|Elapsed| Err("no answer in time".to_owned()));
            (name.as_str(), outcome)
        });
        join_all(runs).await
    }
}

async fn readyz(State(health): State<Health>, uri: Uri) -> Response {
    let mut checks = health.run().await;
    let draining = if health.drain.has_begun() { Err("on the way out".to_owned()) } else { Ok(()) };
    checks.push(("serving", draining));
    let ready = checks.iter().all(|(_, outcome)| outcome.is_ok());
    let mut text = String::new();
    if !ready || uri.query().is_some_and(|query| query.split('&').any(|key| key == "verbose")) {
        for (name, outcome) in &checks {
            // Writing to a string does not fail.
            let _ = match outcome {
                Ok(()) => writeln!(text, "[+] {name} ok"),
                Err(reason) => writeln!(text, "[-] {name}: {reason}"),
            };
        }
    }
    text.push_str(if ready { "ready\n" } else { "not ready\n" });
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, text).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, (health.metrics)()).into_response()
}
