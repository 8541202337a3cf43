//! Who may call over gRPC: a service with a token for us, or staff with the permission.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Extensions, HeaderMap, Request, Response, header};
use tonic::{Code, Status, server::NamedService};
use tower::Service;

use super::{Identity, Refusal, ServiceKey, Verifier, caller::bearer};

/// Who calls over gRPC; in the extensions of every request that a [`GrpcAuth`] let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Another service, by name.
    Service(Arc<str>),
    /// Staff.
    User(Arc<Identity>),
}

impl Principal {
    /// The principal of a request, from its extensions.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }
}

/// Puts [`GrpcAuth`] around a generated server.
#[derive(Clone)]
pub struct GrpcAuthLayer {
    key: ServiceKey,
    verifier: Verifier,
    audience: &'static str,
    permission: fn(&str) -> &'static str,
}

impl GrpcAuthLayer {
    /// Service tokens must be for `audience`; staff must hold the permission that `permission`
    /// names for the path of the call.
    pub fn new(
        key: ServiceKey,
        verifier: Verifier,
        audience: &'static str,
        permission: fn(&str) -> &'static str,
    ) -> Self {
        Self { key, verifier, audience, permission }
    }

    async fn principal(&self, headers: &HeaderMap, path: &str) -> Result<Principal, Status> {
        let value = headers.get(header::AUTHORIZATION).ok_or(Refusal::NoToken);
        let token = value.and_then(|value| bearer(value).ok_or(Refusal::NotBearer));
        let token = token.map_err(status)?;
        if let Ok(service) = self.key.verify(token, self.audience) {
            return Ok(Principal::Service(service));
        }
        let identity = self.verifier.verify(token).await.map_err(status)?;
        let permission = (self.permission)(path);
        if identity.may(permission) {
            Ok(Principal::User(identity))
        } else {
            let detail = format!("the permission {permission} is needed");
            Err(Status::new(Code::PermissionDenied, detail))
        }
    }
}

fn status(refusal: Refusal) -> Status {
    let code = match refusal {
        Refusal::NoKeys => Code::Unavailable,
        Refusal::NoToken
        | Refusal::NotBearer
        | Refusal::NotAToken
        | Refusal::UnknownKey
        | Refusal::Forged
        | Refusal::WrongClaims
        | Refusal::Expired
        | Refusal::TooEarly => Code::Unauthenticated,
    };
    Status::new(code, refusal.to_string())
}

impl<S> tower::Layer<S> for GrpcAuthLayer {
    type Service = GrpcAuth<S>;

    fn layer(&self, inner: S) -> GrpcAuth<S> {
        GrpcAuth { inner, layer: self.clone() }
    }
}

/// A generated server that only lets known principals in.
#[derive(Clone)]
pub struct GrpcAuth<S> {
    inner: S,
    layer: GrpcAuthLayer,
}

impl<S: NamedService> NamedService for GrpcAuth<S> {
    const NAME: &'static str = S::NAME;
}

impl<S, B, R> Service<Request<B>> for GrpcAuth<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<R>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The clone takes the place of the one that was found ready.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        Box::pin(async move {
            match layer.principal(request.headers(), request.uri().path()).await {
                Ok(principal) => {
                    request.extensions_mut().insert(principal);
                    inner.call(request).await
                }
                Err(status) => Ok(status.into_http()),
            }
        })
    }
}
