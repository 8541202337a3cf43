//! gRPC beside HTTP: what errors are over gRPC, and how its calls are told from others.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use kernel::{Fails, Fault};
use tonic::{Code, Status};

use crate::problem::chain;

/// The metadata key under which the stable slug of an error travels.
pub const CODE_KEY: &str = "stoa-code";

pub(crate) const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The status of an error. Mistakes of ours are logged with their causes and told without them.
pub fn status<E: Fails>(error: E) -> Status {
    let fault = error.fault();
    let message = match fault {
        Fault::Bug => {
            tracing::error!(error = %chain(&error), "a call failed by a mistake of ours");
            return Status::new(Code::Internal, "a mistake of ours");
        }
        Fault::Unavailable | Fault::Timeout => {
            tracing::warn!(error = %chain(&error), "something that a call needs is missing");
            error.to_string()
        }
        Fault::Invalid
        | Fault::Unauthenticated
        | Fault::Forbidden
        | Fault::NotFound
        | Fault::Conflict
        | Fault::Precondition
        | Fault::TooLarge
        | Fault::Exhausted => error.to_string(),
    };
    let mut status = Status::new(code_of(fault), message);
    if let Ok(code) = error.code().parse() {
        status.metadata_mut().insert(CODE_KEY, code);
    }
    status
}

/// The gRPC code of a kind of failure.
pub fn code_of(fault: Fault) -> Code {
    match fault {
        Fault::Invalid => Code::InvalidArgument,
        Fault::Unauthenticated => Code::Unauthenticated,
        Fault::Forbidden => Code::PermissionDenied,
        Fault::NotFound => Code::NotFound,
        Fault::Conflict | Fault::Precondition => Code::FailedPrecondition,
        Fault::TooLarge | Fault::Exhausted => Code::ResourceExhausted,
        Fault::Unavailable => Code::Unavailable,
        Fault::Timeout => Code::DeadlineExceeded,
        Fault::Bug => Code::Internal,
    }
}

/// Whether a request is a gRPC call.
pub(crate) fn is_call(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// The deadline that the caller set: at most 8 digits and a unit.
pub(crate) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

/// A deadline as a header; micros while they fit, as tonic does.
pub(crate) fn timeout_value(span: Duration) -> HeaderValue {
    let micros = span.as_micros();
    let text = match micros {
        0..=99_999_999 => format!("{micros}u"),
        100_000_000..=99_999_999_999 => format!("{}m", span.as_millis()),
        _ => format!("{}S", span.as_secs().min(99_999_999)),
    };
    HeaderValue::from_str(&text).expect("digits and a letter are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &'static str, expected: Option<Duration>) {
        let headers = HeaderMap::from_iter([(TIMEOUT, HeaderValue::from_static(text))]);
        assert_eq!(timeout(&headers), expected, "{text}");
    }

    #[test]
    fn a_deadline_is_read_in_all_units() {
        check("5S", Some(Duration::from_secs(5)));
        check("250m", Some(Duration::from_millis(250)));
        check("7u", Some(Duration::from_micros(7)));
        check("1H", Some(Duration::from_secs(3600)));
        check("S", None);
        check("", None);
        check("123456789S", None);
        check("5x", None);
        check("-5S", None);
    }

    #[test]
    fn a_deadline_survives_the_way_there() {
        for span in
            [Duration::from_millis(40), Duration::from_secs(600), Duration::from_secs(2e5 as u64)]
        {
            let headers = HeaderMap::from_iter([(TIMEOUT, timeout_value(span))]);
            assert_eq!(timeout(&headers), Some(span));
        }
    }
}
