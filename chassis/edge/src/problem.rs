//! Problem details (RFC 9457): the one shape in which everything that went wrong is answered.

mod schema;

use std::{borrow::Cow, error::Error};

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use kernel::{Fails, Fault, FieldError, TraceContext};
use serde::{Serialize, Serializer, ser::SerializeStruct as _};
/// The media type of every problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An answer that says what went wrong: `type`, `title`, `status`, `detail`, `code`, `errors` and
/// `trace_id`. Handlers return it as their error; any error that [`Fails`] becomes one by `?`.
#[derive(Debug, Clone)]
pub struct Problem(Box<Facts>);

#[derive(Debug, Clone)]
struct Facts {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of a kind, with the slug that names its page and a sentence for people.
    pub fn new(
        fault: Fault,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Facts {
            status: status_of(fault),
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
            headers: Vec::new(),
        }))
    }

    /// Input that is wrong, field by field: 422 `invalid-body`.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "one field is not valid".to_owned(),
            count => format!("{count} fields are not valid"),
        };
        Self::new(Fault::Invalid, "invalid-body", detail).errors(errors)
    }

    /// What is asked for does not exist, or not for this caller: 404 `not-found`.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Fault::NotFound, "not-found", detail)
    }

    /// A cursor that no list has given out: 400 `invalid-cursor`.
    pub fn bad_cursor(error: kernel::BadCursor) -> Self {
        Self::new(Fault::Invalid, "invalid-cursor", error.to_string())
            .status(StatusCode::BAD_REQUEST)
            .errors(vec![FieldError::new("cursor", error.to_string())])
    }

    /// Our mistake: logged here with its chain of causes, answered without them.
    pub fn bug(error: &dyn Error) -> Self {
        tracing::error!(error = %chain(error), "a request failed by a mistake of ours");
        Self::internal()
    }

    /// The answer to a mistake that is logged already.
    pub(crate) fn internal() -> Self {
        let detail = "the request failed by a mistake of ours, which is logged under the trace id";
        Self::new(Fault::Bug, "internal", detail)
    }

    /// The same with another status than its kind has.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// The same with the fields that are wrong.
    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// The same with a `Retry-After`.
    #[must_use]
    pub fn retry_after_s(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The slug that names the problem.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The status it is answered with.
    pub fn status_code(&self) -> StatusCode {
        self.0.status
    }

    /// The sentence for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }
}

impl<E: Fails> From<E> for Problem {
    fn from(error: E) -> Self {
        let fault = error.fault();
        match fault {
            Fault::Bug => return Self::bug(&error),
            Fault::Unavailable | Fault::Timeout => {
                tracing::warn!(error = %chain(&error), "something that a request needs is missing");
            }
            Fault::Invalid
            | Fault::Unauthenticated
            | Fault::Forbidden
            | Fault::NotFound
            | Fault::Conflict
            | Fault::Precondition
            | Fault::TooLarge
            | Fault::Exhausted => {}
        }
        let mut problem = Self::new(fault, error.code(), error.to_string()).errors(error.fields());
        problem.0.retry_after_s = error.retry_after_s();
        problem
    }
}

/// The status of a kind of failure.
pub fn status_of(fault: Fault) -> StatusCode {
    match fault {
        Fault::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Fault::Unauthenticated => StatusCode::UNAUTHORIZED,
        Fault::Forbidden => StatusCode::FORBIDDEN,
        Fault::NotFound => StatusCode::NOT_FOUND,
        Fault::Conflict => StatusCode::CONFLICT,
        Fault::Precondition => StatusCode::PRECONDITION_FAILED,
        Fault::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Fault::Exhausted => StatusCode::TOO_MANY_REQUESTS,
        Fault::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Fault::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Fault::Bug => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// `out-of-stock` as a title: `Out of stock`.
fn title(code: &str) -> String {
    let text = code.replace('-', " ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text,
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let facts = &self.0;
        let mut fields = out.serialize_struct("Problem", 7)?;
        fields.serialize_field("type", &format_args!("/problems/{}", facts.code))?;
        fields.serialize_field("title", &title(&facts.code))?;
        fields.serialize_field("status", &facts.status.as_u16())?;
        fields.serialize_field("detail", &facts.detail)?;
        fields.serialize_field("code", &facts.code)?;
        if !facts.errors.is_empty() {
            fields.serialize_field("errors", &facts.errors)?;
        }
        if let Some(seconds) = facts.retry_after_s {
            fields.serialize_field("retry_after", &seconds)?;
        }
        if let Some(trace) = TraceContext::current() {
            fields.serialize_field("trace_id", &trace.trace_id_hex())?;
        }
        fields.end()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).expect("a problem is plain data");
        let mut response = Response::new(body.into());
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        for (name, value) in self.0.headers {
            headers.append(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("sku {0} is sold out")]
    struct SoldOut(&'static str, Fault);

    impl Fails for SoldOut {
        fn fault(&self) -> Fault {
            self.1
        }
        fn code(&self) -> &'static str {
            "out-of-stock"
        }
        fn fields(&self) -> Vec<FieldError> {
            vec![FieldError::new("/items/0/sku", "sold out")]
        }
        fn retry_after_s(&self) -> Option<u32> {
            Some(7)
        }
    }

    #[tokio::test]
    async fn an_error_that_fails_is_told_in_full_with_the_trace_it_happened_in() {
        let trace = TraceContext { trace_id: 0xabc, span_id: 1 };

        let (json, response) = trace
            .scope(async {
                let problem = Problem::from(SoldOut("A", Fault::Conflict));
                (serde_json::to_value(&problem).unwrap(), problem.into_response())
            })
            .await;

        let expected = serde_json::json!({
            "type": "/problems/out-of-stock", "title": "Out of stock", "status": 409,
            "detail": "sku A is sold out", "code": "out-of-stock", "retry_after": 7,
            "errors": [{"pointer": "/items/0/sku", "detail": "sold out"}],
            "trace_id": "00000000000000000000000000000abc",
        });
        assert_eq!(json, expected);
        assert_eq!(response.status(), 409);
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
    }

    #[test]
    fn a_bug_is_answered_without_its_causes() {
        let problem = Problem::from(SoldOut("secret", Fault::Bug));
        let text = serde_json::to_string(&problem).unwrap();
        assert!(!text.contains("secret") && text.contains("\"code\":\"internal\""), "{text}");
    }
}
