//! Payments from outside: through gRPC in process and through REST, against the sandbox bank.

mod line;
mod world;

mod books;
mod crashes;
mod doors;
mod keys;
mod refunds;
mod rest;
mod speed;
mod tokens;
mod unknown;
mod voids;
