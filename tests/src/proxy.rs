//! A connection between a client and a server that loses answers: each request arrives and is
//! worked on, and some answers never come back.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Forwards connections. Of some, the first answer is awaited and dropped with the connection.
#[derive(Debug)]
pub struct LossyProxy {
    /// Where it listens.
    pub address: SocketAddr,
    lost: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl LossyProxy {
    /// Forwards to `server`; loses the answer of the connections, counted from 0, that `loses`
    /// names.
    #[expect(clippy::disallowed_methods, reason = "lives and ends with its test")]
    pub async fn start(
        server: SocketAddr,
        loses: impl Fn(u32) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
        let address = listener.local_addr().expect("it is bound");
        let lost = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&lost);
        let task = tokio::spawn(async move {
            for number in 0.. {
                let Ok((client, _)) = listener.accept().await else { return };
                let (count, loses) = (Arc::clone(&count), loses(number));
                tokio::spawn(async move {
                    // Whoever is cut off finds out by itself.
                    let _ = forward(client, server, loses.then_some(&*count)).await;
                });
            }
        });
        Self { address, lost, task }
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
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => match read? {
                0 => return Ok(()),
                bytes => server.write_all(&from_client[..bytes]).await?,
            },
            read = server.read(&mut from_server) => {
                if read? > 0 {
                    lost.fetch_add(1, Ordering::SeqCst);
                }
                return Ok(());
            }
        }
    }
}
