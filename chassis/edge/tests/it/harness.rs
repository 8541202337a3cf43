//! A listener with a router behind the front, tokens to call it with, and raw sockets.

use std::time::Duration;

use axum::Router;
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey as _};
use edge::{
    Front, Settings,
    auth::{Claims, Role, Verifier, sign},
    serve::{Address, Bound, Drain, listener},
};
use jsonwebtoken::{
    EncodingKey,
    jwk::{Jwk, JwkSet},
};
use kernel::{Clock, Ids, Timestamp};
use supervisor::{Exit, Running, Strategy, Supervisor, SupervisorSpec};
use testkit::Client;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A served router.
pub struct Site {
    pub client: Client,
    pub drain: Drain,
    pub front: Front,
    address: Address,
    running: Running,
}

impl Site {
    pub async fn start(router: Router) -> Self {
        Self::with(router, Settings::default()).await
    }

    pub async fn with(router: Router, settings: Settings) -> Self {
        Self::at("127.0.0.1:0", router, settings).await
    }

    pub async fn at(address: &str, router: Router, settings: Settings) -> Self {
        let clock = Clock::system();
        let verifier = Verifier::fixed(&Key::new(1).set(), clock.clone());
        Self::verified_by(verifier, address, router, settings).await
    }

    pub async fn verified_by(
        verifier: Verifier,
        address: &str,
        router: Router,
        settings: Settings,
    ) -> Self {
        let clock = Clock::system();
        let drain = Drain::default();
        let ids = Ids::system(clock.clone());
        let front = Front::new(settings.clone(), verifier, drain.clone(), clock.clone(), ids);
        let bound = Bound::bind(&address.parse().unwrap()).await.unwrap();
        let address = bound.address().clone();
        let child =
            listener("http", bound, front.wrap(router), settings, drain.clone(), clock.clone());
        let root = SupervisorSpec::new("site", Strategy::OneForOne).child(child);
        let running = Supervisor::start(root, clock);
        running.ready().await.unwrap();
        let client = Client::new(format!("http://{address}"));
        Self { client, drain, front, address, running }
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub async fn raw(&self) -> Raw {
        Raw(TcpStream::connect(self.address.to_string()).await.unwrap())
    }

    pub async fn stop(&self) -> Exit {
        self.drain.begin();
        self.running.stop().await
    }
}

/// A socket that says exactly what it is told.
pub struct Raw(pub TcpStream);

impl Raw {
    pub async fn say(&mut self, text: impl AsRef<[u8]>) {
        self.0.write_all(text.as_ref()).await.unwrap();
    }

    /// Reads until the text contains `end`.
    pub async fn hear_until(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let count = self.0.read(&mut buffer).await.unwrap();
            heard.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&heard);
            if text.contains(end) {
                return text.into_owned();
            }
            assert!(count > 0, "closed before {end:?}: {text}");
        }
    }

    /// Reads until the other side closes; an abrupt end counts as one.
    pub async fn hear_all(&mut self) -> String {
        let mut heard = Vec::new();
        let _ = self.0.read_to_end(&mut heard).await;
        String::from_utf8_lossy(&heard).into_owned()
    }
}

/// A signing key for access tokens, made from a seed.
pub struct Key {
    pub kid: String,
    pub encoding: EncodingKey,
    seed: u8,
}

impl Key {
    pub fn new(seed: u8) -> Self {
        let der = SigningKey::from_bytes(&[seed; 32]).to_pkcs8_der().unwrap();
        Self {
            kid: format!("key-{seed}"),
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            seed,
        }
    }

    pub fn jwk(&self) -> Jwk {
        use base64::Engine as _;
        let public = SigningKey::from_bytes(&[self.seed; 32]).verifying_key();
        let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(public.as_bytes());
        serde_json::from_value(serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
            "kid": self.kid, "x": x,
        }))
        .unwrap()
    }

    pub fn set(&self) -> JwkSet {
        JwkSet { keys: vec![self.jwk()] }
    }

    pub fn token(&self, claims: &Claims) -> String {
        sign(claims, &self.kid, &self.encoding).unwrap()
    }
}

/// The claims of a good token of a user.
pub fn claims(role: Role, permissions: &[&str], now: Timestamp) -> Claims {
    Claims {
        iss: "stoa".to_owned(),
        aud: "stoa".to_owned(),
        sub: "user_01h455vb4pex5vsknk084sn02q".to_owned(),
        role,
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        sid: "session_1".to_owned(),
        jti: "token_1".to_owned(),
        iat: now.ms() / 1000,
        exp: now.ms() / 1000 + 600,
        nbf: None,
    }
}

/// A good token of key 1.
pub fn token(role: Role, permissions: &[&str]) -> String {
    Key::new(1).token(&claims(role, permissions, Clock::system().now()))
}

/// Fails a test that would wait for ever.
pub async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    let limit = Duration::from_secs(5);
    Clock::system().timeout(limit, future).await.unwrap_or_else(|_| panic!("never: {what}"))
}

/// How long something took, by the real clock.
pub async fn timed<F: Future>(future: F) -> (F::Output, Duration) {
    let clock = Clock::system();
    let output = soon("the end", future).await;
    (output, clock.instant())
}
