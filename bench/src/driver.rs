//! Load: a closed loop that finds the rate, and an open loop that measures latency at one.
//!
//! In the open loop a request's latency counts from when it was due, not from when a connection
//! was free for it, so that a server that stalls cannot hide what it made wait (coordinated
//! omission).

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use crate::{
    connection::{Answer, Connection},
    memory::cpu_us,
    table::Run,
};

/// Makes the n-th request and judges its answer.
pub trait Work: Send + Sync + 'static {
    fn request(&self, number: u64) -> Vec<u8>;
    fn is_right(&self, answer: &Answer) -> bool;
}

/// The process under load.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub address: SocketAddr,
    pub pid: u32,
}

/// `clients` connections ask one request after the other.
pub async fn closed(
    target: Target,
    clients: u64,
    span: Duration,
    work: &Arc<impl Work>,
) -> anyhow::Result<Run> {
    drive(target, clients, span, work, None).await
}

/// `clients` connections share a schedule of `per_second` requests.
pub async fn open(
    target: Target,
    clients: u64,
    span: Duration,
    work: &Arc<impl Work>,
    per_second: f64,
) -> anyhow::Result<Run> {
    drive(target, clients, span, work, Some(per_second)).await
}

async fn drive(
    target: Target,
    clients: u64,
    span: Duration,
    work: &Arc<impl Work>,
    per_second: Option<f64>,
) -> anyhow::Result<Run> {
    let next = Arc::new(AtomicU64::new(0));
    let (cpu, started) = (cpu_us(target.pid)?, Instant::now());
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let (work, next) = (Arc::clone(work), Arc::clone(&next));
        let mut connection = Connection::open(target.address).await?;
        tasks.push(tokio::spawn(async move {
            let mut latency = histogram()?;
            let mut failed = 0;
            while started.elapsed() < span {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let mut due = Instant::now();
                if let Some(rate) = per_second {
                    due = started + Duration::from_secs_f64(number as f64 / rate);
                    if due > started + span {
                        break;
                    }
                    tokio::time::sleep_until(due.into()).await;
                }
                let answer = connection.ask(&work.request(number)).await?;
                if work.is_right(&answer) {
                    latency.saturating_record(micros(due.elapsed()));
                } else {
                    failed += 1;
                    if failed == 1 {
                        eprintln!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
                    }
                }
            }
            anyhow::Ok((latency, failed))
        }));
    }
    let mut run = Run { per_second: 0.0, failed: 0, latency: Histogram::new(3)?, cpu_us: 0.0 };
    for task in tasks {
        let (latency, failed) = task.await??;
        run.latency.add(latency)?;
        run.failed += failed;
    }
    let (count, elapsed) = (run.latency.len() as f64, started.elapsed().as_secs_f64());
    run.per_second = count / elapsed;
    run.cpu_us = (cpu_us(target.pid)? - cpu) as f64 / count.max(1.0);
    Ok(run)
}

/// Up to a minute, in microseconds, to three digits.
fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_max(60_000_000, 3)?)
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
