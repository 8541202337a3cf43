//! Access tokens that the service believes: signed with the key of RFC 8032, test 1.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use edge::auth::{AUDIENCE, Claims, ISSUER, Role, Verifier, sign};
use jsonwebtoken::{EncodingKey, jwk::JwkSet};
use kernel::Clock;
use serde_json::json;

/// A customer.
pub const ANN: &str = "user_01h455vb4pex5vsknk084sn0an";
/// Another customer.
pub const BOB: &str = "user_01h455vb4pex5vsknk084sn0b0";

const SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
/// What stands before the secret in PKCS #8.
const PKCS8: &str = "302e020100300506032b657004220420";

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// Knows the public key.
pub fn verifier(clock: &Clock) -> Verifier {
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
        "kid": "rig", "x": URL_SAFE_NO_PAD.encode(bytes(PUBLIC))}]});
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    Verifier::fixed(&keys, clock.clone())
}

/// A token of `user`, who is staff when there are permissions.
pub fn token(clock: &Clock, user: &str, permissions: &[&str]) -> String {
    let key = EncodingKey::from_ed_der(&bytes(&format!("{PKCS8}{SECRET}")));
    let now = clock.now().ms() / 1000;
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user.to_owned(),
        role: if permissions.is_empty() { Role::Customer } else { Role::Staff },
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        sid: "session_01h455vb4pex5vsknk084sn02q".to_owned(),
        jti: "rig".to_owned(),
        iat: now,
        exp: now + 600,
        nbf: None,
    };
    sign(&claims, "rig", &key).unwrap()
}
