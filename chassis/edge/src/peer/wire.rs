//! Calls over sockets: HTTP/2 by prior knowledge for gRPC, HTTP/1.1 for REST, pooled.

use std::{
    io,
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use futures::future::BoxFuture;
use http::{
    Request, Response, Uri, Version,
    uri::{Authority, PathAndQuery, Scheme},
};
use hyper_util::{
    client::legacy::{
        Client, Error,
        connect::{Connected, Connection},
    },
    rt::{TokioIo, TokioTimer},
};
use supervisor::Tasks;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};
use tower::Service;

use super::PeerError;
use crate::{executor::Supervised, grpc};

/// Connections that nobody uses are closed after so long: sooner than the other end does it.
const POOL_IDLE: Duration = Duration::from_secs(30);
/// HTTP/2 connections are asked for a sign of life this often.
const PING: Duration = Duration::from_secs(20);
/// And are given up when there is none for so long.
const PING_MAX: Duration = Duration::from_secs(5);

/// The connections to one address.
#[derive(Clone)]
pub(super) struct Wire {
    authority: Authority,
    rest: Client<Connector, Body>,
    grpc: Client<Connector, Body>,
}

impl Wire {
    pub(super) fn tcp(authority: Authority, tasks: Tasks) -> Self {
        let connector = Connector(Address::Tcp(authority.to_string()));
        Self::new(authority, connector, tasks)
    }

    pub(super) fn unix(path: PathBuf, tasks: Tasks) -> Self {
        let connector = Connector(Address::Unix(path));
        Self::new(Authority::from_static("localhost"), connector, tasks)
    }

    fn new(authority: Authority, connector: Connector, tasks: Tasks) -> Self {
        let mut builder = Client::builder(Supervised(tasks));
        builder.pool_timer(TokioTimer::new()).timer(TokioTimer::new());
        builder.pool_idle_timeout(POOL_IDLE);
        let rest = builder.build(connector.clone());
        builder.http2_only(true).http2_keep_alive_interval(PING).http2_keep_alive_timeout(PING_MAX);
        let grpc = builder.build(connector);
        Self { authority, rest, grpc }
    }

    pub(super) async fn call(
        &self,
        peer: &'static str,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, PeerError> {
        let is_grpc = grpc::is_call(request.headers());
        let path = request.uri().path_and_query().cloned();
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.authority.clone())
            .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
            .build()
            .map_err(|error| PeerError::Request(error.to_string()))?;
        *request.uri_mut() = uri;
        let client = if is_grpc {
            *request.version_mut() = Version::HTTP_2;
            &self.grpc
        } else {
            &self.rest
        };
        let response = client.request(request).await.map_err(|error| failure(peer, &error))?;
        Ok(response.map(Body::new))
    }
}

fn failure(peer: &'static str, error: &Error) -> PeerError {
    let reason = crate::problem::chain(error);
    if error.is_connect() {
        PeerError::Unavailable { peer, reason }
    } else {
        PeerError::Broken { peer, reason }
    }
}

/// Opens connections to one address, whatever the request says.
#[derive(Debug, Clone)]
struct Connector(Address);

#[derive(Debug, Clone)]
enum Address {
    Tcp(String),
    Unix(PathBuf),
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Socket>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<TokioIo<Socket>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let address = self.0.clone();
        Box::pin(async move {
            let socket = match address {
                Address::Tcp(address) => {
                    let stream = TcpStream::connect(address).await?;
                    stream.set_nodelay(true)?;
                    Socket::Tcp(stream)
                }
                Address::Unix(path) => Socket::Unix(UnixStream::connect(path).await?),
            };
            Ok(TokioIo::new(socket))
        })
    }
}

/// An open connection of either kind.
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

macro_rules! either {
    ($socket:expr, $stream:ident => $run:expr) => {
        match $socket.get_mut() {
            Socket::Tcp($stream) => $run,
            Socket::Unix($stream) => $run,
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Unix(stream) => stream.is_write_vectored(),
        }
    }
}
