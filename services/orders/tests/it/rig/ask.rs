//! Requests to the service's router, as a client makes them.

use axum::{Router, body::Body};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

/// A request being put together.
pub struct Ask {
    router: Router,
    request: Request<Body>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Ask {
    /// A request without a body.
    pub fn new(router: Router, method: &str, path: &str) -> Self {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        Self { router, request }
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    /// Calls as the owner of this token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Opens what a secret opens.
    pub fn secret(self, secret: &str) -> Self {
        self.header("stoa-access-token", secret)
    }

    /// Waits for the order to settle, for 30 s at most.
    pub fn wait(self) -> Self {
        self.header("prefer", "wait=30")
    }

    /// Sends this JSON.
    pub fn json(mut self, body: &Value) -> Self {
        *self.request.body_mut() = Body::from(body.to_string());
        self.header("content-type", "application/json")
    }

    /// Sends it; the body of the answer is not read.
    pub async fn stream(self) -> http::Response<Body> {
        self.router.oneshot(self.request).await.unwrap()
    }

    /// Sends it and reads the answer.
    pub async fn send(self) -> Answer {
        let (parts, body) = self.stream().await.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Status, code and the fields that are wrong, of a problem.
    pub fn problem(&self) -> (u16, String, Vec<String>) {
        let json = self.json();
        let pointer = |error: &Value| error["pointer"].as_str().unwrap().to_owned();
        let fields = json["errors"].as_array().map(|all| all.iter().map(pointer).collect());
        let code = json["code"].as_str().unwrap_or_default().to_owned();
        (self.status, code, fields.unwrap_or_default())
    }

    /// The id of the order or cart in the body.
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("{}", self.text())).to_owned()
    }

    /// The secret in the body.
    pub fn secret(&self) -> String {
        self.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", self.text())).to_owned()
    }
}
