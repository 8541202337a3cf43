//! Who calls and what they may do: access tokens of people, service tokens of services.

mod caller;
mod claims;
mod grpc;
mod permission;
mod refusal;
mod service_key;
mod verified;
mod verifier;

pub use caller::{Caller, SignedIn, Staff};
pub use claims::{AUDIENCE, Claims, ISSUER, Identity, Role, TOKEN_TYPE, sign};
pub use grpc::{GrpcAuth, GrpcAuthLayer, Principal};
pub use permission::*;
pub use refusal::Refusal;
pub use service_key::ServiceKey;
pub use verifier::Verifier;
