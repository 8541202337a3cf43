//! A body that a stranger's code makes while we read it: its panics stay errors of this call.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::Status;

/// Turns a panic of the inner body into an error, and ends there.
pub(super) struct CatchBody(Option<Body>);

impl CatchBody {
    pub(super) fn new(inner: Body) -> Self {
        Self(Some(inner))
    }
}

impl http_body::Body for CatchBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let Some(inner) = &mut self.0 else { return Poll::Ready(None) };
        let frame = catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(cx)));
        frame.map_or_else(
            |_panic| {
                self.0 = None;
                // Over the wire, the reader of a stream that broke sees the same.
                Poll::Ready(Some(Err(Status::internal("the stream failed").into())))
            },
            |frame| frame.map_err(Into::into),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}
