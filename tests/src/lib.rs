//! Black-box flows across services.
