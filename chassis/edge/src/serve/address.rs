//! Where a process listens: `host:port` or `unix:/path`; and the sockets bound there.

use std::{
    fmt, fs, io,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::peer::Socket;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A TCP address; port 0 is any free one.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// The text is no address to listen at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address of the form 127.0.0.1:4000 or unix:/path")]
pub struct BadAddress(String);

/// The address cannot be listened at.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {address}")]
pub struct BindError {
    /// Where.
    pub address: Address,
    /// Why not.
    #[source]
    pub cause: io::Error,
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let bad = || BadAddress(text.to_owned());
        match text.strip_prefix("unix:") {
            Some(path) if Path::new(path).is_absolute() => Ok(Self::Unix(PathBuf::from(path))),
            Some(_) => Err(bad()),
            None => text.parse().map(Self::Tcp).map_err(|_| bad()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Address {
    /// Whether only this machine can reach it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

/// A bound socket. Clones share it; it is closed by [`Bound::close`] or when the last one goes.
#[derive(Debug, Clone)]
pub struct Bound(Arc<Held>);

#[derive(Debug)]
struct Held {
    address: Address,
    socket: Mutex<Option<Arc<Listening>>>,
    /// The file to take away at the end: of Unix sockets that were bound here.
    file: Option<PathBuf>,
}

#[derive(Debug)]
pub(super) enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Bound {
    /// Binds. The file that a dead process left at a Unix address is replaced; a living one keeps
    /// it.
    pub async fn bind(address: &Address) -> Result<Self, BindError> {
        let failed = |cause| BindError { address: address.clone(), cause };
        match address {
            Address::Tcp(wanted) => {
                let listener = TcpListener::bind(wanted).await.map_err(failed)?;
                let bound = listener.local_addr().map_err(failed)?;
                Ok(Self::new(Address::Tcp(bound), Listening::Tcp(listener), None))
            }
            Address::Unix(path) => {
                let listener = bind_unix(path).await.map_err(failed)?;
                let listening = Listening::Unix(listener);
                Ok(Self::new(address.clone(), listening, Some(path.clone())))
            }
        }
    }

    /// Takes over a TCP socket that listens already.
    pub fn inherit(socket: std::net::TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let address = Address::Tcp(socket.local_addr()?);
        Ok(Self::new(address, Listening::Tcp(TcpListener::from_std(socket)?), None))
    }

    fn new(address: Address, socket: Listening, file: Option<PathBuf>) -> Self {
        Self(Arc::new(Held { address, socket: Mutex::new(Some(Arc::new(socket))), file }))
    }

    /// Where it listens, with the port that was found.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// Stops listening: from now on connections are refused.
    pub fn close(&self) {
        self.0.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(super) fn socket(&self) -> Option<Arc<Listening>> {
        self.0.socket.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(path) = &self.file {
            // Somebody may have taken it away already.
            let _ = fs::remove_file(path);
        }
    }
}

async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        match UnixStream::connect(path).await {
            Ok(_alive) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path)?
            }
            Err(error) => return Err(error),
        }
    }
    let listener = UnixListener::bind(path)?;
    // Whoever may connect is whoever runs this.
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

impl Listening {
    pub(super) async fn accept(&self) -> io::Result<Socket> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Socket::Tcp(stream))
            }
            Self::Unix(listener) => Ok(Socket::Unix(listener.accept().await?.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, good: bool, local: bool) {
        let parsed = text.parse::<Address>();
        assert_eq!(parsed.is_ok(), good, "{text}");
        if let Ok(address) = parsed {
            assert_eq!((address.to_string().as_str(), address.is_local()), (text, local));
        }
    }

    #[test]
    fn an_address_is_a_host_and_port_or_a_path() {
        check("127.0.0.1:4000", true, true);
        check("[::1]:4000", true, true);
        check("0.0.0.0:4000", true, false);
        check("unix:/run/stoa.sock", true, true);
        check("unix:stoa.sock", false, false);
        check("localhost", false, false);
        check("4000", false, false);
    }
}
