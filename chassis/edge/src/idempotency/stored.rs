//! An answer as it is kept: status, the headers that matter, the bytes of the body.

use std::collections::BTreeMap;

use axum::{body::Body, response::Response};
use delivery::idempotency::Answer;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{Problem, etag};

/// An answer that can be given again, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    status: StatusCode,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl StoredResponse {
    /// An answer in JSON.
    pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(|error| Problem::bug(&error))?;
        let json = ("content-type".to_owned(), "application/json".to_owned());
        Ok(Self { status, headers: BTreeMap::from([json]), body })
    }

    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: BTreeMap::new(), body: Vec::new() }
    }

    /// With where the thing that was made is found.
    #[must_use]
    pub fn location(self, path: impl Into<String>) -> Self {
        self.header(&header::LOCATION, path.into())
    }

    /// With the version of what is answered.
    #[must_use]
    pub fn version(self, version: i64) -> Self {
        let tag = etag(version);
        self.header(&header::ETAG, tag.to_str().unwrap_or_default().to_owned())
    }

    fn header(mut self, name: &HeaderName, value: String) -> Self {
        self.headers.insert(name.as_str().to_owned(), value);
        self
    }

    /// The answer as it is sent.
    pub fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    pub(super) fn to_record(&self) -> Answer {
        let headers = serde_json::to_string(&self.headers);
        Answer {
            status: self.status.as_u16(),
            headers: headers.expect("a map of texts is plain data"),
            body: self.body.clone(),
        }
    }

    pub(super) fn of(answer: Answer) -> Result<Self, store::Error> {
        let status = StatusCode::from_u16(answer.status);
        let headers = serde_json::from_str(&answer.headers);
        Ok(Self {
            status: status.map_err(|error| store::Error::Row(error.to_string()))?,
            headers: headers.map_err(|error| store::Error::Row(error.to_string()))?,
            body: answer.body,
        })
    }
}

impl axum::response::IntoResponse for StoredResponse {
    fn into_response(self) -> Response {
        Self::into_response(self)
    }
}
