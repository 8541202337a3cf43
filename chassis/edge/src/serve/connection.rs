//! One connection, from the first byte to the last, with a limit on everything it does not do.

use std::{
    convert::Infallible,
    future::Future,
    pin::pin,
    sync::{Arc, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use futures::{FutureExt as _, future::BoxFuture};
use http::{HeaderValue, Request, Version, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use kernel::Clock;
use tower::Service as _;

use super::{
    Listener,
    watch::{RunningBody, Watch, Watched},
};
use crate::{executor::Supervised, peer::Socket};

/// Heads beyond this are refused by the HTTP library, with an empty 431; smaller ones that are
/// still too large by the front, with a problem.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// HTTP/2 connections are asked for a sign of life this often.
const PING: Duration = Duration::from_secs(20);
/// And are given up when there is none for so long.
const PING_MAX: Duration = Duration::from_secs(10);

impl Listener {
    /// Serves a connection to its end.
    pub(super) async fn serve(&self, socket: Socket) {
        let watch = Arc::new(Watch::new(self.clock.clone(), &self.settings));
        let builder = self.builder();
        let service = service_fn(|request| self.answer(request, &watch));
        let io = TokioIo::new(Watched { socket, watch: Arc::clone(&watch) });
        let mut connection = pin!(builder.serve_connection(io, service));
        let closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut told = pin!(closing.begun().fuse());
        let mut alarm = Alarm::new(self.clock.clone());
        std::future::poll_fn(|cx| {
            loop {
                if connection.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                if !watch.is_closing() && told.as_mut().poll(cx).is_ready() {
                    watch.close();
                    connection.as_mut().graceful_shutdown();
                    continue;
                }
                let Some((deadline, is_quiet)) = watch.deadline() else { return Poll::Pending };
                if alarm.poll(deadline, cx).is_pending() {
                    return Poll::Pending;
                }
                if !is_quiet {
                    // It had its time. Dropping it closes the socket.
                    return Poll::Ready(());
                }
                watch.close();
                connection.as_mut().graceful_shutdown();
            }
        })
        .await;
    }

    fn builder(&self) -> Builder<Supervised> {
        let mut builder = Builder::new(Supervised(self.tasks.clone()));
        // The head has a limit in time by its watch: the library's own would also end connections
        // that are only idle.
        builder.http1().header_read_timeout(None).max_buf_size(HEAD_BYTES_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING_MAX)
            .max_concurrent_streams(self.settings.streams_max)
            .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX));
        builder
    }

    fn answer(
        &self,
        request: Request<Incoming>,
        watch: &Arc<Watch>,
    ) -> impl Future<Output = Result<http::Response<RunningBody>, Infallible>> + use<> {
        let running = watch.begin();
        let drain = self.drain.clone();
        let is_http1 = request.version() <= Version::HTTP_11;
        let mut router = self.router.clone();
        router.call(request.map(Body::new)).map(move |answered| {
            let Ok(mut response) = answered;
            if is_http1 && drain.has_begun() {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            Ok(response.map(|inner| RunningBody { inner, _running: running }))
        })
    }
}

/// Wakes the connection at a deadline that moves, mostly away: set anew only when it is sooner
/// than thought.
struct Alarm {
    clock: Clock,
    armed: Option<(Duration, BoxFuture<'static, ()>)>,
}

impl Alarm {
    fn new(clock: Clock) -> Self {
        Self { clock, armed: None }
    }

    fn poll(&mut self, deadline: Duration, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let armed = match &mut self.armed {
                Some((at, alarm)) if *at <= deadline => alarm,
                Some(_) | None => {
                    let left = deadline.saturating_sub(self.clock.instant());
                    let clock = self.clock.clone();
                    let alarm: BoxFuture<'static, ()> =
                        Box::pin(async move { clock.sleep(left).await });
                    &mut self.armed.insert((deadline, alarm)).1
                }
            };
            if armed.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.armed = None;
            if self.clock.instant() >= deadline {
                return Poll::Ready(());
            }
        }
    }
}
