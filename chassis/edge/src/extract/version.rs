//! Versions of resources: `ETag` out, `If-Match` in (RFC 9110).

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{HeaderValue, StatusCode, header, request::Parts};
use kernel::Fault;

use crate::Problem;

/// The `ETag` of a version: `"7"`.
pub fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).expect("a number in quotes is a header value")
}

/// What the caller believes the version to be, from `If-Match`. As an extractor it is required
/// (428 `if-match-missing`); as `Option<IfMatch>` it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: any version, as long as there is one.
    Any,
    /// Exactly this version.
    Version(i64),
}

impl IfMatch {
    /// Refuses a version that is not the one expected: 412 `stale-version`.
    pub fn check(self, current: i64) -> Result<(), Problem> {
        match self {
            Self::Any => Ok(()),
            Self::Version(expected) if expected == current => Ok(()),
            Self::Version(expected) => Err(stale(expected, current)),
        }
    }
}

fn stale(expected: i64, current: i64) -> Problem {
    let detail = format!("version {expected} was expected, the current one is {current}");
    Problem::new(Fault::Precondition, "stale-version", detail).header(header::ETAG, etag(current))
}

impl<S: Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(None) };
        parse(value).map(Some)
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        found.ok_or_else(|| {
            let detail = "the header If-Match with the version that is to be changed is required";
            Problem::new(Fault::Precondition, "if-match-missing", detail)
                .status(StatusCode::PRECONDITION_REQUIRED)
        })
    }
}

/// A tag that we never gave out matches nothing, which is an answer and not an error of syntax.
fn parse(value: &HeaderValue) -> Result<IfMatch, Problem> {
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(IfMatch::Any);
    }
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.and_then(|digits| digits.parse().ok()).map(IfMatch::Version).ok_or_else(|| {
        let detail = "If-Match names no version of this resource; its form is \"7\" or *";
        Problem::new(Fault::Precondition, "stale-version", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, current: i64, expected: Result<(), &str>) {
        let outcome = parse(&HeaderValue::from_str(header).unwrap())
            .and_then(|condition| condition.check(current))
            .map_err(|problem| (problem.code().to_owned(), problem.status_code().as_u16()));
        let expected = expected.map_err(|code| (code.to_owned(), 412));
        assert_eq!(outcome, expected, "{header} against {current}");
    }

    #[test]
    fn a_version_is_changed_only_by_who_saw_it() {
        check("\"7\"", 7, Ok(()));
        check("*", 7, Ok(()));
        check("\"6\"", 7, Err("stale-version"));
        check("W/\"7\"", 7, Err("stale-version"));
        check("7", 7, Err("stale-version"));
        check("\"x\"", 7, Err("stale-version"));
        assert_eq!(etag(7), "\"7\"");
    }
}
