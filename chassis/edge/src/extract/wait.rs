//! `Prefer: wait=N` (RFC 7240): how long the caller will wait for the final answer.

use std::{convert::Infallible, time::Duration};

use axum::{extract::FromRequestParts, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};

/// The longest wait that is granted, in seconds.
pub const WAIT_S_MAX: u64 = 60;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// How long the answer may wait for things to settle; none when the caller did not ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(Option<u64>);

impl Wait {
    /// The wait that is granted: what was asked for, at most [`WAIT_S_MAX`].
    pub fn duration(self) -> Option<Duration> {
        self.0.map(Duration::from_secs)
    }

    /// Says in the answer which wait was granted.
    #[must_use]
    pub fn applied(self, mut response: Response) -> Response {
        if let Some(seconds) = self.0 {
            let value = HeaderValue::from_str(&format!("wait={seconds}"));
            let value = value.expect("a word and a number are a header value");
            response.headers_mut().insert(PREFERENCE_APPLIED, value);
        }
        response
    }

    /// Reads the preference; what is not understood is ignored, as RFC 7240 asks.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let preferences = headers.get_all(PREFER).into_iter();
        let texts = preferences.filter_map(|value| value.to_str().ok());
        let seconds = texts.flat_map(|text| text.split(',')).find_map(|preference| {
            let (token, _parameters) = preference.split_once(';').unwrap_or((preference, ""));
            let (name, value) = token.split_once('=')?;
            let value = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("wait").then(|| value.parse::<u64>().ok())?
        });
        Self(seconds.map(|asked| asked.min(WAIT_S_MAX)))
    }
}

impl<S: Sync> FromRequestParts<S> for Wait {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&'static str], expected: Option<u64>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, HeaderValue::from_static(value));
        }
        assert_eq!(Wait::of(&headers), Wait(expected), "{values:?}");
    }

    #[test]
    fn the_preference_is_read_and_capped() {
        check(&[], None);
        check(&["wait=5"], Some(5));
        check(&["respond-async, wait = \"10\"; foo"], Some(10));
        check(&["respond-async", "Wait=3"], Some(3));
        check(&["wait=100000"], Some(WAIT_S_MAX));
        check(&["wait=-1"], None);
        check(&["wait=soon"], None);
        check(&["waiting=5"], None);
    }
}
