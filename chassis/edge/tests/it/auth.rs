//! Tokens: which are good, and what callers may do with them.

use std::time::Duration;

use axum::{Router, routing::get};
use edge::{
    Caller, Json,
    auth::{CatalogWrite, Claims, Refusal, Role, ServiceKey, SignedIn, Staff, Verifier, sign},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kernel::{Clock, Timestamp};
use serde_json::json;
use testkit::Client;

use crate::harness::{Key, Site, claims, token};

fn router() -> Router {
    Router::new()
        .route("/who", get(|who: Caller| async move { Json(who.user_id().map(str::to_owned)) }))
        .route("/me", get(|me: SignedIn| async move { Json(me.id.clone()) }))
        .route("/staff", get(|_: Staff<CatalogWrite>| async {}))
}

async fn status(client: &Client, path: &str) -> u16 {
    client.get(path).send().await.status
}

#[tokio::test]
async fn guests_are_told_to_sign_in_where_it_matters() {
    let site = Site::start(router()).await;
    assert_eq!(site.client.get("/who").send().await.json(), json!(null));
    let refused = site.client.get("/me").send().await;
    assert_eq!((refused.status, refused.problem().as_deref()), (401, Some("unauthenticated")));
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn a_good_token_says_who_it_is() {
    let site = Site::start(router()).await;
    let client = site.client.bearer(&token(Role::Customer, &[]));
    let user = json!("user_01h455vb4pex5vsknk084sn02q");
    assert_eq!(client.get("/who").send().await.json(), user);
    assert_eq!(client.get("/me").send().await.json(), user);
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused_even_where_guests_may_come() {
    let site = Site::start(router()).await;
    let refused = site.client.bearer("nonsense").get("/who").send().await;
    assert_eq!((refused.status, refused.problem().as_deref()), (401, Some("invalid-token")));
    assert!(refused.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
    let basic = site.client.get("/who").header("authorization", "Basic eDp5").send().await;
    assert_eq!(basic.status, 401);
}

#[tokio::test]
async fn staff_needs_the_permission_and_an_administrator_has_all() {
    let site = Site::start(router()).await;
    let with = |role, permissions: &[&str]| site.client.bearer(&token(role, permissions));
    assert_eq!(status(&site.client, "/staff").await, 401);
    assert_eq!(status(&with(Role::Customer, &["catalog.write"]), "/staff").await, 403);
    assert_eq!(status(&with(Role::Staff, &["orders.read"]), "/staff").await, 403);
    assert_eq!(status(&with(Role::Staff, &["catalog.write"]), "/staff").await, 200);
    assert_eq!(status(&with(Role::Admin, &[]), "/staff").await, 200);
}

pub const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

async fn check(what: &str, token: String, expected: Result<(), Refusal>) {
    let verifier = Verifier::fixed(&Key::new(1).set(), Clock::manual(NOW));
    let outcome = verifier.verify(&token).await.map(|_| ());
    assert_eq!(outcome, expected, "{what}");
}

async fn check_claims(what: &str, change: impl Fn(&mut Claims), expected: Result<(), Refusal>) {
    let mut claims = claims(Role::Customer, &[], NOW);
    change(&mut claims);
    check(what, Key::new(1).token(&claims), expected).await;
}

#[tokio::test]
async fn claims_must_be_for_us_and_for_now() {
    let seconds = NOW.ms() / 1000;
    check_claims("as it is", |_| {}, Ok(())).await;
    check_claims("issuer", |c| c.iss = "other".into(), Err(Refusal::WrongClaims)).await;
    check_claims("audience", |c| c.aud = "payments".into(), Err(Refusal::WrongClaims)).await;
    check_claims("subject", |c| c.sub.clear(), Err(Refusal::WrongClaims)).await;
    check_claims("token id", |c| c.jti.clear(), Err(Refusal::WrongClaims)).await;
    check_claims("over", |c| c.exp = seconds, Err(Refusal::Expired)).await;
    check_claims("almost over", |c| c.exp = seconds + 1, Ok(())).await;
    check_claims("not yet", |c| c.nbf = Some(seconds + 61), Err(Refusal::TooEarly)).await;
    check_claims("made later", |c| c.iat = seconds + 61, Err(Refusal::TooEarly)).await;
    check_claims("clocks apart", |c| c.iat = seconds + 59, Ok(())).await;
}

#[tokio::test]
async fn only_our_kind_of_token_by_our_keys_is_accepted() {
    let (ours, other) = (Key::new(1), Key::new(2));
    let good = claims(Role::Customer, &[], NOW);
    let made = |change: fn(&mut Header), key: &EncodingKey| {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some("key-1".to_owned());
        change(&mut header);
        jsonwebtoken::encode(&header, &good, key).unwrap()
    };
    check(
        "plain typ",
        made(|h| h.typ = Some("JWT".into()), &ours.encoding),
        Err(Refusal::NotAToken),
    )
    .await;
    check("no typ", made(|h| h.typ = None, &ours.encoding), Err(Refusal::NotAToken)).await;
    check("no kid", made(|h| h.kid = None, &ours.encoding), Err(Refusal::NotAToken)).await;
    let critical = made(|h| h.crit = Some(vec!["exp".into()]), &ours.encoding);
    check("crit", critical, Err(Refusal::NotAToken)).await;
    check("long typ", made(|h| h.typ = Some("application/at+JWT".into()), &ours.encoding), Ok(()))
        .await;
    check("unknown kid", other.token(&good), Err(Refusal::UnknownKey)).await;
    let forged = sign(&good, "key-1", &other.encoding).unwrap();
    check("another's signature", forged, Err(Refusal::Forged)).await;

    // The public key as the secret of a symmetric signature.
    let jwk = serde_json::to_value(ours.jwk()).unwrap();
    let secret = EncodingKey::from_secret(jwk["x"].as_str().unwrap().as_bytes());
    check("HS256", made(|h| h.alg = Algorithm::HS256, &secret), Err(Refusal::NotAToken)).await;

    let token = ours.token(&good);
    let (head, rest) = token.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    check("no signature", format!("{head}.{body}."), Err(Refusal::Forged)).await;
    check("two parts", format!("{head}.{body}"), Err(Refusal::NotAToken)).await;
    check("padded", format!("{head}.{body}.{signature}=="), Err(Refusal::NotAToken)).await;
    // {"alg":"none","typ":"at+jwt","kid":"key-1"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoia2V5LTEifQ";
    check("alg none", format!("{none}.{body}."), Err(Refusal::NotAToken)).await;
}

#[tokio::test]
async fn a_remembered_token_ends_when_it_says() {
    let clock = Clock::manual(NOW);
    let verifier = Verifier::fixed(&Key::new(1).set(), clock.clone());
    let token = Key::new(1).token(&claims(Role::Customer, &[], NOW));
    assert!(verifier.verify(&token).await.is_ok());
    clock.advance(Duration::from_secs(599));
    assert!(verifier.verify(&token).await.is_ok());
    clock.advance(Duration::from_secs(1));
    assert_eq!(verifier.verify(&token).await, Err(Refusal::Expired));
}

#[test]
fn a_service_token_is_for_one_audience_and_five_minutes() {
    let clock = Clock::manual(NOW);
    let key = ServiceKey::new(b"secret of the data directory", clock.clone());
    let bearer = key.bearer("orders", "payments");
    let token = bearer.to_str().unwrap().strip_prefix("Bearer ").unwrap();

    assert_eq!(&*key.verify(token, "payments").unwrap(), "orders");
    assert_eq!(key.verify(token, "products"), Err(Refusal::WrongClaims), "also when remembered");
    assert_eq!(key.verify("nonsense", "payments"), Err(Refusal::Forged));
    let other = ServiceKey::new(b"another secret", clock.clone());
    assert_eq!(other.verify(token, "payments"), Err(Refusal::Forged));
    let user = Key::new(1).token(&claims(Role::Admin, &[], NOW));
    assert_eq!(key.verify(&user, "payments"), Err(Refusal::Forged), "another kind of token");

    clock.advance(Duration::from_secs(200));
    assert_eq!(key.bearer("orders", "payments"), bearer, "minted once");
    clock.advance(Duration::from_secs(40));
    assert_ne!(key.bearer("orders", "payments"), bearer, "renewed before it ends");
    assert!(key.verify(token, "payments").is_ok());
    clock.advance(Duration::from_secs(60));
    assert_eq!(key.verify(token, "payments"), Err(Refusal::Expired));
}
