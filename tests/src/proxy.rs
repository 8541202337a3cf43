//! A connection between a client and a server that loses answers: each request arrives and is
//! worked on, and some answers never come back.

use std::{
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What an HTTP/2 client says first.
const HTTP2: &[u8] = b"PRI * HTTP/2.0";
/// The type of the frame that an answer begins with in HTTP/2, and the length of its head.
const HEADERS: u8 = 1;
const FRAME_HEAD_BYTES: usize = 9;

/// Forwards connections, and loses the first answer of some, together with the connection.
#[derive(Debug)]
pub struct LossyProxy {
    /// Where it listens.
    pub address: SocketAddr,
    server: Arc<OnceLock<SocketAddr>>,
    lost: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl LossyProxy {
    /// Loses the first answer of the connections, counted from 0, that `loses` names. Nobody is
    /// reached before [`Self::reach`].
    #[expect(clippy::disallowed_methods, reason = "lives and ends with its test")]
    pub async fn start(loses: impl Fn(u32) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
        let address = listener.local_addr().expect("it is bound");
        let (lost, server) = (Arc::<AtomicU32>::default(), Arc::<OnceLock<SocketAddr>>::default());
        let (count, reached) = (Arc::clone(&lost), Arc::clone(&server));
        let task = tokio::spawn(async move {
            for number in 0.. {
                let Ok((client, _)) = listener.accept().await else { return };
                let Some(&server) = reached.get() else { continue };
                let (count, loses) = (Arc::clone(&count), loses(number));
                tokio::spawn(async move {
                    // Whoever is cut off finds out by itself.
                    let _ = forward(client, server, loses.then_some(&*count)).await;
                });
            }
        });
        Self { address, server, lost, task }
    }

    /// Says whom to reach.
    ///
    /// # Panics
    /// When that was said before.
    pub fn reach(&self, server: SocketAddr) {
        self.server.set(server).expect("a proxy reaches one server");
    }

    /// How many answers were lost.
    pub fn lost(&self) -> u32 {
        self.lost.load(Ordering::SeqCst)
    }
}

impl Drop for LossyProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(
    mut client: TcpStream,
    server: SocketAddr,
    lost: Option<&AtomicU32>,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let Some(lost) = lost else {
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    };
    let (mut from_client, mut from_server) = ([0; 16 * 1024], [0; 16 * 1024]);
    let (mut is_http2, mut said) = (false, Vec::new());
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => match read? {
                0 => return Ok(()),
                bytes => {
                    is_http2 |= from_client[..bytes].starts_with(HTTP2);
                    server.write_all(&from_client[..bytes]).await?;
                }
            },
            read = server.read(&mut from_server) => match read? {
                0 => return Ok(()),
                bytes => {
                    said.extend_from_slice(&from_server[..bytes]);
                    if !is_http2 || answers(&said) {
                        lost.fetch_add(1, Ordering::SeqCst);
                        return Ok(());
                    }
                    client.write_all(&from_server[..bytes]).await?;
                }
            },
        }
    }
}

/// Whether an answer begins in what an HTTP/2 server has said so far; settings do not answer.
fn answers(mut said: &[u8]) -> bool {
    while let Some((head, rest)) = said.split_at_checked(FRAME_HEAD_BYTES) {
        if head[3] == HEADERS {
            return true;
        }
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        said = rest.get(length..).unwrap_or_default();
    }
    false
}
