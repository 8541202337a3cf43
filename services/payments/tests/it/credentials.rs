//! Access tokens, and the keys that they are verified with.

use edge::auth::{Claims, Role, sign};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::JwkSet;
use kernel::Clock;
use serde_json::json;

const KID: &str = "test";
const SEED: [u8; 32] = [7; 32];

/// An access token of staff with one permission.
pub fn token(permission: &str) -> String {
    let now = Clock::system().now().ms() / 1000;
    let claims = Claims {
        iss: "stoa".into(),
        aud: "stoa".into(),
        sub: "user_01h455vb4pex5vsknk084sn02q".into(),
        role: Role::Staff,
        permissions: vec![permission.to_owned()],
        sid: "session_01h455vb4pex5vsknk084sn02q".into(),
        jti: "jti".into(),
        iat: now,
        exp: now + 600,
        nbf: None,
    };
    sign(&claims, KID, &signing_key()).expect("plain claims are signed")
}

fn signing_key() -> EncodingKey {
    use ed25519_dalek::pkcs8::EncodePrivateKey as _;
    let key = ed25519_dalek::SigningKey::from_bytes(&SEED);
    EncodingKey::from_ed_der(key.to_pkcs8_der().expect("a key is encoded").as_bytes())
}

/// The public key, as the users service would publish it.
pub fn keys() -> JwkSet {
    use base64::Engine as _;
    let key = ed25519_dalek::SigningKey::from_bytes(&SEED).verifying_key();
    let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key.as_bytes());
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": KID, "alg": "EdDSA"});
    serde_json::from_value(json!({ "keys": [jwk] })).expect("a key set")
}
