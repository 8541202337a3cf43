//! Server-sent events: streams that carry ids, say that they live, and end when the process drains.

use std::{fmt::Write as _, time::Duration};

use axum::{body::Body, extract::FromRequestParts, response::Response};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderName, HeaderValue, header, request::Parts};
use kernel::Elapsed;

use crate::{Problem, call::Call};

/// What the browser sends when it comes back.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The longest id that is taken back, in bytes.
const ID_BYTES_MAX: usize = 256;
/// A stream ends after so long; whoever listens comes back with the last id.
const STREAM_MAX: Duration = Duration::from_secs(3600);
/// How long whoever listens waits before coming back, in ms.
const RETRY_MS: u64 = 1_000;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where to go on from after it; without line breaks.
    pub id: String,
    /// What kind of event, if there are several; without line breaks.
    pub name: Option<String>,
    /// What it says, usually JSON.
    pub data: String,
}

impl Event {
    fn bytes(&self) -> Bytes {
        let mut text = String::with_capacity(self.data.len() + 64);
        let one_line = |part: &str| part.replace(['\r', '\n', '\0'], " ");
        // Writing to a string does not fail.
        let _ = writeln!(text, "id: {}", one_line(&self.id));
        if let Some(name) = &self.name {
            let _ = writeln!(text, "event: {}", one_line(name));
        }
        for line in self.data.lines() {
            let _ = writeln!(text, "data: {line}");
        }
        text.push('\n');
        Bytes::from(text)
    }
}

/// A request for a stream of events, as an extractor.
pub struct Subscription {
    last_id: Option<String>,
    call: Call,
}

impl<S: Sync> FromRequestParts<S> for Subscription {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let last_id = parts.headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
        let last_id = last_id.filter(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX);
        let call = Call::of(&parts.extensions)?.clone();
        Ok(Self { last_id: last_id.map(str::to_owned), call })
    }
}

impl Subscription {
    /// The id of the last event that was received, when this is not the first time.
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// Answers with the stream. It is read one event at a time, as fast as the receiver takes
    /// them; silence is filled with comments; it ends with `events`, after an hour, or when the
    /// process drains.
    pub fn answer(self, events: impl Stream<Item = Event> + Send + 'static) -> Response {
        let front = self.call.front().clone();
        let heartbeat = Duration::from_millis(front.settings().heartbeat_ms);
        let hello = Bytes::from(format!("retry: {RETRY_MS}\n\n"));
        let end = {
            let front = front.clone();
            async move {
                let over = std::pin::pin!(front.clock().sleep(STREAM_MAX));
                futures::future::select(std::pin::pin!(front.drain().begun()), over).await;
            }
        };
        let beats =
            stream::unfold((Box::pin(events), front), move |(mut events, front)| async move {
                let bytes = match front.clock().timeout(heartbeat, events.next()).await {
                    Ok(Some(event)) => event.bytes(),
                    Ok(None) => return None,
                    Err(Elapsed) => Bytes::from_static(b": alive\n\n"),
                };
                Some((bytes, (events, front)))
            });
        let body = stream::once(std::future::ready(hello)).chain(beats);
        let body = body.take_until(Box::pin(end)).map(Ok::<_, std::convert::Infallible>);
        let mut response = Response::new(Body::from_stream(body));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}
