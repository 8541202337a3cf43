//! Results on stdout; a reader that goes away early (`| head`) is no error.
use crate::exit::{Stopped, io};
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// Writes `text` as it is.
pub fn text(text: &str) -> Result<(), Stopped> {
    bytes(text.as_bytes())
}

/// Writes `bytes` as they are.
pub fn bytes(bytes: &[u8]) -> Result<(), Stopped> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(io("stdout", &e)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes `value` as one line of JSON.
pub fn json(value: &impl Serialize) -> Result<(), Stopped> {
    let line = serde_json::to_string(value).map_err(Stopped::bug)?;
    text(&format!("{line}\n"))
}
