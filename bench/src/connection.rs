//! One keep-alive HTTP/1.1 connection that costs the driver as little as possible.

use anyhow::{Context as _, bail};
use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A connection; requests go out whole, answers are read to their end.
pub struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
}

/// An answer: its status, and its body in the connection's buffer.
pub struct Answer {
    pub status: u16,
    pub body: BytesMut,
}

impl Connection {
    pub async fn open(address: std::net::SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: BytesMut::with_capacity(16 * 1024) })
    }

    /// Sends a whole request and reads the whole answer.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request).await?;
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break self.buffer.split_to(end + 4);
            }
            self.more().await?;
        };
        let status = std::str::from_utf8(head.get(9..12).context("a status line")?)?.parse()?;
        let length = content_length(&head).context("an answer without content-length")?;
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(Answer { status, body: self.buffer.split_to(length) })
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        self.buffer.reserve(8 * 1024);
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the connection ended");
        }
        Ok(())
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn content_length(head: &[u8]) -> Option<usize> {
    let head = std::str::from_utf8(head).ok()?;
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })
}

/// A GET as bytes.
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes()
}

/// A POST of JSON as bytes, with more headers.
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n{headers}\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
