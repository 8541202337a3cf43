//! A small HTTP client for tests: JSON in, the whole answer out.

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client as Http, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

/// Talks to one base address, with or without a bearer token. Clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: Http<HttpConnector, Full<Bytes>>,
    base: String,
    bearer: Option<String>,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The request did not come to an answer: refused, reset, cut off.
#[derive(Debug)]
pub struct NoAnswer(pub String);

/// An answer whose body still comes.
#[derive(Debug)]
pub struct Stream {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    body: Incoming,
}

/// A request being put together.
#[derive(Debug, Clone)]
pub struct Ask {
    client: Client,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Client {
    /// A client of `http://host:port`, without credentials.
    pub fn new(base: impl Into<String>) -> Self {
        let http = Http::builder(TokioExecutor::new()).build_http();
        Self { http, base: base.into(), bearer: None }
    }

    /// The same client, calling as the owner of this token.
    pub fn bearer(&self, token: &str) -> Self {
        Self { bearer: Some(token.to_owned()), ..self.clone() }
    }

    /// The same caller, talking to where `other` talks.
    #[must_use]
    pub fn at(&self, other: &Self) -> Self {
        Self { bearer: self.bearer.clone(), ..other.clone() }
    }

    /// A GET.
    pub fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    /// A POST of JSON.
    pub fn post(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::POST, path).json(body)
    }

    /// Any request.
    pub fn ask(&self, method: Method, path: &str) -> Ask {
        let (client, path) = (self.clone(), path.to_owned());
        Ask { client, method, path, headers: Vec::new(), body: Bytes::new() }
    }

    /// Logs in and returns the client of whoever that is.
    ///
    /// # Panics
    /// When the credentials are refused.
    pub async fn log_in(&self, email: &str, password: &str) -> Self {
        let body = serde_json::json!({"email": email, "password": password});
        let answer = self.post("/v1/sessions", &body).send().await;
        assert_eq!(answer.status, 201, "log-in of {email}: {}", answer.text());
        self.bearer(answer.json()["access_token"].as_str().expect("an access token"))
    }
}

impl Ask {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends this JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sends these bytes.
    #[must_use]
    pub fn body(mut self, kind: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", kind)
    }

    /// Sends it and reads the answer.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(self) -> Answer {
        let what = format!("{} {}", self.method, self.path);
        self.attempt().await.unwrap_or_else(|no| panic!("{what}: {}", no.0))
    }

    /// Sends it and reads the answer, if there is one.
    pub async fn attempt(self) -> Result<Answer, NoAnswer> {
        let Stream { status, headers, body } = self.open().await?;
        let body = body.collect().await.map_err(|e| NoAnswer(e.to_string()))?.to_bytes();
        Ok(Answer { status, headers, body })
    }

    /// Sends it and leaves the body of the answer to be read as it comes.
    pub async fn open(self) -> Result<Stream, NoAnswer> {
        let uri = format!("{}{}", self.client.base, self.path);
        let mut request = Request::builder().method(self.method).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(token) = &self.client.bearer {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let failed = |e: &dyn std::fmt::Display| NoAnswer(e.to_string());
        let request = request.body(Full::new(self.body)).map_err(|e| failed(&e))?;
        let answer = self.client.http.request(request).await.map_err(|e| failed(&e))?;
        let (parts, body) = answer.into_parts();
        Ok(Stream { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}

impl Stream {
    /// The next piece of the body; none at its end, however it ended.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Ok(data) = self.body.frame().await?.ok()?.into_data() {
                return Some(data);
            }
        }
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The `code` of a problem; none when the answer is no problem.
    pub fn problem(&self) -> Option<String> {
        let kind = self.header("content-type")?;
        let problem = kind.starts_with("application/problem+json").then(|| self.json())?;
        problem["code"].as_str().map(str::to_owned)
    }
}
