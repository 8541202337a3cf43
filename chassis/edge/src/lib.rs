//! The edge: everything between a socket and a handler, and between a caller and another service.
//!
//! In reading order: what a service is ([`Service`]), how requests come in ([`serve`], [`front`]),
//! what handlers take and answer ([`extract`], [`auth`], [`idempotency`], [`problem`], [`sse`]),
//! how other services are reached ([`peer`]), what operators see ([`health`], [`ops`]),
//! and how all of it is described ([`openapi`]).

mod call;
mod executor;
mod service;
pub mod settings;

pub mod front;
pub mod serve;

pub mod auth;
pub mod extract;
pub mod grpc;
pub mod idempotency;
pub mod problem;
pub mod sse;

pub mod peer;

pub mod health;
pub mod openapi;
pub mod ops;

pub use auth::Caller;
pub use extract::{
    IfMatch, Json, PageQuery, Path, Query, Raw, Wait, etag, page_request, page_response,
};
pub use front::{Front, RouteLimits};
pub use idempotency::{Idempotency, StoredResponse};
pub use peer::{Peer, PeerError, Peers, PeersParts, Switchboard, Target, connect};
pub use problem::Problem;
pub use service::{Check, Deps, Service};
pub use settings::Settings;
