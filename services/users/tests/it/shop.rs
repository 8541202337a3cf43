//! A shop with nothing but accounts, whose clock stands until a test moves it.

use std::{collections::BTreeMap, time::Duration};

use axum::{Router, body::Body, response::Response};
use delivery::{Outbox, Prompt};
use edge::{
    Front, Peers, PeersParts, Switchboard,
    auth::{ServiceKey, Verifier},
    serve::Drain,
};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kernel::{Clock, Ids, Timestamp};
use serde_json::{Value, json};
use store::Store;
use supervisor::Tasks;
use testkit::Folder;
use tower::ServiceExt as _;
use users::{Desk, Settings};

pub const PASSWORD: &str = "quiet otters at dawn";

pub struct Shop {
    pub clock: Clock,
    pub store: Store,
    pub desk: Desk,
    pub verifier: Verifier,
    pub switchboard: Switchboard,
    router: Router,
    _folder: Folder,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.code().as_str()), (status, code), "{}", self.text);
    }
}

/// The tokens of a log-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

pub fn settings() -> Settings {
    Settings {
        argon2_memory_kib: 8,
        argon2_passes: 1,
        hashes_max: 2,
        hashes_waiting_max: 200,
        ..Settings::default()
    }
}

pub fn desk(store: &Store, clock: &Clock, settings: Settings) -> Desk {
    let ids = Ids::system(clock.clone());
    let outbox = Outbox::new("/users", ids.clone(), clock.clone(), Prompt::default());
    Desk::new(store.clone(), outbox, clock.clone(), ids, settings).unwrap()
}

pub fn peers(switchboard: &Switchboard, clock: &Clock, ids: &Ids) -> Peers {
    let (calls, _child) = Tasks::new("calls", 100);
    let (connections, _child) = Tasks::new("connections", 10);
    Peers::new(PeersParts {
        switchboard: switchboard.clone(),
        targets: BTreeMap::new(),
        calls,
        connections,
        clock: clock.clone(),
        ids: ids.clone(),
        key: ServiceKey::new(&[7; 32], clock.clone()),
    })
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(settings()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let clock = Clock::manual(Timestamp::from_ms(1_795_561_836_000));
        let folder = Folder::new();
        let store = folder.store("users", &clock).await;
        users::migrate(&store).await.unwrap();
        let desk = desk(&store, &clock, settings);
        let ids = Ids::system(clock.clone());
        let switchboard = Switchboard::default();
        let peers = peers(&switchboard, &clock, &ids);
        let service = users::service_of(desk.clone(), &peers).await.unwrap();
        let verifier = Verifier::new(peers.to("users"), clock.clone());
        let front = Front::new(
            edge::Settings::default(),
            verifier.clone(),
            Drain::default(),
            clock.clone(),
            ids,
        );
        let router = front.wrap(service.router());
        switchboard.plug("users", router.clone());
        Self { clock, store, desk, verifier, switchboard, router, _folder: folder }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub async fn call(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        self.send(request(method, path, token, body)).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, token, Value::Null).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.call(Method::POST, path, token, body).await
    }

    pub async fn delete(&self, path: &str, token: &str) -> Answer {
        self.call(Method::DELETE, path, token, Value::Null).await
    }

    pub async fn register(&self, email: &str) -> Answer {
        let body = json!({"email": email, "password": PASSWORD, "name": "Ada"});
        self.post("/v1/users", "", body).await
    }

    pub async fn try_log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/sessions", "", json!({"email": email, "password": password})).await
    }

    pub async fn log_in(&self, email: &str) -> Tokens {
        Tokens::of(&self.try_log_in(email, PASSWORD).await.is(201))
    }

    /// A customer, registered and logged in.
    pub async fn customer(&self, email: &str) -> Tokens {
        self.register(email).await.is(201);
        self.log_in(email).await
    }

    /// The first administrator, or another one.
    pub async fn admin(&self, email: &str) -> Tokens {
        users::create_admin(&self.desk, email, PASSWORD).await.unwrap();
        self.log_in(email).await
    }

    /// A member of staff with these permissions, given by `admin`.
    pub async fn staff(&self, admin: &Tokens, email: &str, permissions: &[&str]) -> Tokens {
        let id = self.register(email).await.is(201).json()["id"].as_str().unwrap().to_owned();
        let body = json!({"role": "staff", "permissions": permissions});
        self.call(Method::PATCH, &format!("/v1/users/{id}"), &admin.access, body).await.is(200);
        self.log_in(email).await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/v1/sessions/refresh", "", json!({"refresh_token": token})).await
    }

    pub async fn me(&self, tokens: &Tokens) -> Answer {
        self.get("/v1/users/me", &tokens.access).await
    }

    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The books of the service add up.
    pub async fn check(&self) {
        let audit = users::audit(&self.store).await.unwrap();
        assert_eq!(audit.findings, []);
        assert!(audit.checked > 0);
    }
}

impl Tokens {
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        let json = answer.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

pub fn request(method: Method, path: &str, token: &str, body: Value) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if body.is_null() {
        return request.body(Body::empty()).unwrap();
    }
    let json = request.header(header::CONTENT_TYPE, "application/json");
    json.body(Body::from(body.to_string())).unwrap()
}
