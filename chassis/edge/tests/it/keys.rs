//! Where the keys of access tokens come from, how rarely they are fetched and how long kept.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use edge::{
    Json, Peers, PeersParts, Switchboard,
    auth::{Refusal, Role, ServiceKey, Verifier},
};
use jsonwebtoken::jwk::JwkSet;
use kernel::{Clock, Ids};
use supervisor::Tasks;

use crate::{
    auth::NOW,
    harness::{Key, claims},
};

/// A users service that publishes what it is told to, and counts how often it is asked.
#[derive(Clone)]
struct Users {
    keys: Arc<Mutex<JwkSet>>,
    asked: Arc<AtomicUsize>,
    board: Switchboard,
    clock: Clock,
}

impl Users {
    fn new(keys: JwkSet) -> Self {
        Self {
            keys: Arc::new(Mutex::new(keys)),
            asked: Arc::default(),
            board: Switchboard::default(),
            clock: Clock::manual(NOW),
        }
    }

    fn run(&self) {
        let this = self.clone();
        let jwks = get(move || async move {
            this.asked.fetch_add(1, Ordering::SeqCst);
            Json(this.keys.lock().unwrap().clone())
        });
        self.board.plug("users", Router::new().route("/.well-known/jwks.json", jwks));
    }

    fn verifier(&self) -> Verifier {
        let peers = Peers::new(PeersParts {
            switchboard: self.board.clone(),
            targets: BTreeMap::new(),
            calls: Tasks::new("calls", 100).0,
            connections: Tasks::new("connections", 100).0,
            clock: self.clock.clone(),
            ids: Ids::seeded(self.clock.clone(), 1),
            key: ServiceKey::new(b"secret", self.clock.clone()),
        });
        Verifier::new(peers.to("users"), self.clock.clone())
    }

    fn token(&self, seed: u8) -> String {
        let mut claims = claims(Role::Customer, &[], self.clock.now());
        claims.exp += 7200;
        Key::new(seed).token(&claims)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_storm_of_unknown_keys_fetches_once_in_thirty_seconds() {
    let users = Users::new(Key::new(1).set());
    users.run();
    let verifier = users.verifier();
    assert!(verifier.verify(&users.token(1)).await.is_ok());
    assert_eq!(users.asked(), 1);

    let storm = (10..60).map(|seed| {
        let (verifier, token) = (&verifier, users.token(seed));
        async move { verifier.verify(&token).await.map(|_| ()) }
    });
    let outcomes = futures::future::join_all(storm).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Err(Refusal::UnknownKey)));
    assert_eq!(users.asked(), 1, "the keys were new");

    users.clock.advance(Duration::from_secs(30));
    let storm = (10..60).map(|seed| {
        let (verifier, token) = (&verifier, users.token(seed));
        async move { verifier.verify(&token).await.map(|_| ()) }
    });
    futures::future::join_all(storm).await;
    assert_eq!(users.asked(), 2);
}

#[tokio::test]
async fn a_new_key_is_found_and_a_withdrawn_one_is_lost() {
    let users = Users::new(Key::new(1).set());
    users.run();
    let verifier = users.verifier();
    let old = users.token(1);
    assert!(verifier.verify(&old).await.is_ok());

    *users.keys.lock().unwrap() = Key::new(2).set();
    users.clock.advance(Duration::from_secs(30));

    assert!(verifier.verify(&users.token(2)).await.is_ok());
    assert_eq!(verifier.verify(&old).await, Err(Refusal::UnknownKey), "remembered, but withdrawn");
}

#[tokio::test]
async fn keys_are_kept_while_users_is_down_but_not_for_ever() {
    let users = Users::new(Key::new(1).set());
    users.run();
    let verifier = users.verifier();
    assert!(verifier.verify(&users.token(1)).await.is_ok());

    users.board.unplug("users");
    users.clock.advance(Duration::from_secs(600));
    assert!(verifier.verify(&users.token(1)).await.is_ok(), "ten minutes later");
    users.clock.advance(Duration::from_secs(3000));
    assert_eq!(verifier.verify(&users.token(1)).await, Err(Refusal::NoKeys));

    users.run();
    users.clock.advance(Duration::from_secs(30));
    assert!(verifier.verify(&users.token(1)).await.is_ok(), "users is back");
}

#[tokio::test]
async fn without_keys_nothing_is_said_about_a_token_and_they_come_soon_after_users() {
    let users = Users::new(Key::new(1).set());
    let verifier = users.verifier();
    assert_eq!(verifier.verify(&users.token(1)).await, Err(Refusal::NoKeys));
    assert_eq!(Refusal::NoKeys.into_problem().status_code(), 503);

    users.run();
    users.clock.advance(Duration::from_secs(1));

    assert!(verifier.verify(&users.token(1)).await.is_ok());
}
