//! A small HTTP client for the commands that speak to a running server through its public API.
use crate::cli::Login;
use crate::exit::{Exit, Stopped};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kernel::Clock;
use serde_json::{Value, json};
use std::fmt;
use std::io::BufRead;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// The longest a request may take, answer included.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// How often a request is tried when the server is busy or away.
const TRIES_MAX: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A connection pool to one server, acting as one account. Clones share both.
#[derive(Clone)]
pub struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    base: Arc<str>,
    clock: Clock,
    account: Option<Arc<Account>>,
    token: Arc<RwLock<Option<String>>>,
}

struct Account {
    email: String,
    password: String,
}

/// What the server said.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A request as it is sent, and sent again.
pub struct Ask<'a> {
    pub method: Method,
    pub path: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: Bytes,
}

impl<'a> Ask<'a> {
    pub fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, headers: &[], body: Bytes::new() }
    }

    pub fn post(path: &'a str, headers: &'a [(&'a str, &'a str)], body: Bytes) -> Self {
        Self { method: Method::POST, path, headers, body }
    }
}

/// No answer came.
#[derive(Debug)]
pub struct Unreachable {
    what: String,
    /// Somebody was there, and the connection ended before the answer.
    cut: bool,
}

impl Client {
    /// A client of the server at `url`, without credentials.
    pub fn new(url: &str, clock: Clock) -> Result<Self, Stopped> {
        let base = url.trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|e| Stopped::usage(format!("--url {url}: {e}")))?;
        if uri.scheme_str() != Some("http") || uri.host().is_none() {
            return Err(Stopped::usage(format!("--url {url}: not an http:// address"))
                .advise("--url http://127.0.0.1:4000"));
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let pool = Pool::builder(TokioExecutor::new()).build(connector);
        let token = Arc::default();
        Ok(Self { pool, base: base.into(), clock, account: None, token })
    }

    /// A client that acts as `login` says: with a token, or with an account that is logged in now.
    pub async fn connect(login: &Login, clock: Clock) -> Result<Self, Stopped> {
        let mut client = Self::new(&login.remote.url, clock)?;
        if let Some(token) = &login.token {
            return Ok(client.with_token(token.clone()));
        }
        let Some(email) = &login.email else {
            return Err(Stopped::usage("who is asking? no credentials of staff are given")
                .advise("--token TOKEN, or --email EMAIL with --password-stdin"));
        };
        let password = match (&login.password, login.password_stdin) {
            (Some(password), _) => password.clone(),
            (None, true) => password_from_stdin()?,
            (None, false) => {
                return Err(Stopped::usage("--email is given without a password")
                    .advise("--password-stdin"));
            }
        };
        client.account = Some(Arc::new(Account { email: email.clone(), password }));
        client.log_in().await?;
        Ok(client)
    }

    /// The same client acting with `token`.
    #[must_use]
    pub fn with_token(mut self, token: String) -> Self {
        self.token = Arc::new(RwLock::new(Some(token)));
        self
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends once.
    pub async fn send(&self, ask: &Ask<'_>) -> Result<Answer, Unreachable> {
        let request = self.request(ask)?;
        let answered = self.clock.timeout(ANSWER_TIMEOUT, self.exchange(request)).await;
        answered.map_err(|_| self.told("no answer in time"))?
    }

    /// Sends again when the answer was lost on its way. That nobody is there is told at once.
    async fn send_through_cuts(&self, ask: &Ask<'_>) -> Result<Answer, Unreachable> {
        for _ in 1..TRIES_MAX {
            match self.send(ask).await {
                Err(unreachable) if unreachable.cut => self.clock.sleep(FIRST_PAUSE).await,
                dealt_with => return dealt_with,
            }
        }
        self.send(ask).await
    }

    /// Sends once and gives the body of a good answer to `take`, piece by piece.
    pub async fn stream(
        &self,
        ask: &Ask<'_>,
        doing: &str,
        take: &mut (dyn FnMut(&[u8]) -> Result<(), Stopped> + Send),
    ) -> Result<(), Stopped> {
        let request = self.request(ask)?;
        let answered = self.clock.timeout(ANSWER_TIMEOUT, self.pool.request(request)).await;
        let answered = answered.map_err(|_| self.told("no answer in time"))?;
        let (head, mut body) = answered.map_err(|e| self.told(chain(&e)))?.into_parts();
        if !head.status.is_success() {
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|e| self.told(e))?.to_bytes();
            let answer = Answer { status: head.status, headers: head.headers, body };
            return answer.expect_success(doing).map(|_| ());
        }
        loop {
            let frame = self.clock.timeout(ANSWER_TIMEOUT, body.frame()).await;
            let frame = frame.map_err(|_| self.told("the answer stopped half way"))?;
            let Some(frame) = frame else { return Ok(()) };
            if let Ok(data) = frame.map_err(|e| self.told(chain(&e)))?.into_data() {
                take(&data)?;
            }
        }
    }

    fn told(&self, what: impl fmt::Display) -> Unreachable {
        Unreachable { what: format!("{}: {what}", self.base), cut: false }
    }

    fn request(&self, ask: &Ask<'_>) -> Result<Request<Full<Bytes>>, Unreachable> {
        let uri = format!("{}{}", self.base, ask.path);
        let mut request = Request::builder().method(ask.method.clone()).uri(&uri);
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &*self.token.read().unwrap_or_else(PoisonError::into_inner) {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::new(ask.body.clone()));
        request.map_err(|e| self.told(format!("{}: {e}", ask.path)))
    }

    /// Sends until the server has dealt with it: waits while it is busy or away, a bounded number
    /// of times, and logs in again when the session has run out. Only for what may be repeated.
    pub async fn send_until_dealt_with(&self, ask: &Ask<'_>) -> Result<Answer, Stopped> {
        let mut pause = FIRST_PAUSE;
        let mut renewed = false;
        for last in (0..TRIES_MAX).map(|n| n + 1 == TRIES_MAX) {
            match self.send(ask).await {
                Ok(answer) if answer.status == StatusCode::UNAUTHORIZED && !renewed => {
                    renewed = true;
                    if self.account.is_none() {
                        return Ok(answer);
                    }
                    self.log_in().await?;
                    continue;
                }
                Ok(answer) if last || !answer.asks_to_wait() => return Ok(answer),
                Ok(answer) => pause = pause.max(answer.retry_after()),
                Err(unreachable) if last => return Err(unreachable.into()),
                Err(_) => {}
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        Err(Stopped::new(Exit::Unavailable, format!("{}: gave up", self.base)))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Unreachable> {
        let answered = self.pool.request(request).await;
        let answered =
            answered.map_err(|e| Unreachable { cut: !e.is_connect(), ..self.told(chain(&e)) })?;
        let (head, body) = answered.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|e| Unreachable { cut: true, ..self.told(e) })?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    async fn log_in(&self) -> Result<(), Stopped> {
        let Some(account) = &self.account else { return Ok(()) };
        let body = json!({"email": account.email, "password": account.password}).to_string();
        let json_body = [(CONTENT_TYPE.as_str(), "application/json")];
        let ask = Ask::post("/v1/sessions", &json_body, body.into());
        let answer = self.send_through_cuts(&ask).await?;
        let answer = answer.expect_success("log in")?;
        let Some(token) = answer.json()?["access_token"].as_str().map(str::to_owned) else {
            return Err(Stopped::new(Exit::Data, "log in: the answer holds no access token"));
        };
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(())
    }
}

impl Answer {
    /// The answer, or what its problem details say, as the end of the command.
    pub fn expect_success(self, doing: &str) -> Result<Self, Stopped> {
        if self.status.is_success() {
            return Ok(self);
        }
        let exit = match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::Refused,
            status if status.is_server_error() => Exit::Unavailable,
            _ => Exit::Data,
        };
        Err(Stopped::new(exit, format!("{doing}: {}", self.problem())))
    }

    /// The problem details in one line.
    pub fn problem(&self) -> String {
        let problem: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = |field: &str| problem[field].as_str().unwrap_or_default();
        let words = [text("detail"), text("title")].into_iter().find(|words| !words.is_empty());
        let words = words.unwrap_or("no details");
        format!("{} {} ({words})", self.status.as_u16(), text("code"))
    }

    pub fn json(&self) -> Result<Value, Stopped> {
        serde_json::from_slice(&self.body)
            .map_err(|e| Stopped::new(Exit::Data, format!("the answer is not JSON: {e}")))
    }

    fn asks_to_wait(&self) -> bool {
        matches!(
            self.status,
            StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::GATEWAY_TIMEOUT
        )
    }

    fn retry_after(&self) -> Duration {
        let seconds = self.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        Duration::from_secs(seconds.and_then(|s| s.parse().ok()).unwrap_or(0).min(30))
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl From<Unreachable> for Stopped {
    fn from(Unreachable { what, cut: _ }: Unreachable) -> Self {
        Self::new(Exit::Unavailable, what).advise("is the server running there? start: stoa serve")
    }
}

/// The first line of stdin, without its end.
pub fn password_from_stdin() -> Result<String, Stopped> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|e| crate::exit::io("stdin", &e))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Stopped::usage("stdin holds no password")
            .advise("printf '%s' \"$PASSWORD\" | stoa ... --password-stdin"));
    }
    Ok(password.to_owned())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
