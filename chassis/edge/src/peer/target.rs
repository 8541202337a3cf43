//! Where another service is: `inproc`, `unix:/path` or `http://host:port`.

use std::{fmt, path::PathBuf, str::FromStr};

use http::uri::Authority;

/// The address of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// In this process.
    Inproc,
    /// At a Unix socket.
    Unix(PathBuf),
    /// At a host and port, in clear text.
    Http(Authority),
}

/// The text is no address of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address of the form inproc, unix:/path or http://host:port")]
pub struct BadTarget(String);

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let bad = || BadTarget(text.to_owned());
        if text == "inproc" {
            return Ok(Self::Inproc);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            return if path.is_absolute() { Ok(Self::Unix(path)) } else { Err(bad()) };
        }
        let authority = text.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let authority: Authority = authority.ok_or_else(bad)?.parse().map_err(|_| bad())?;
        if authority.port_u16().is_none() || authority.as_str().contains('@') {
            return Err(bad());
        }
        Ok(Self::Http(authority))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inproc => f.write_str("inproc"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Http(authority) => write!(f, "http://{authority}"),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Target {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, good: bool) {
        let parsed = text.parse::<Target>();
        assert_eq!(parsed.is_ok(), good, "{text}");
        if let Ok(target) = parsed {
            assert_eq!(target.to_string(), text.trim_end_matches('/'));
        }
    }

    #[test]
    fn an_address_has_one_of_three_forms() {
        check("inproc", true);
        check("unix:/run/stoa/payments.sock", true);
        check("http://payments:4001", true);
        check("http://[::1]:4001/", true);
        check("http://payments", false);
        check("http://user@payments:1", false);
        check("https://payments:4001", false);
        check("unix:payments.sock", false);
        check("payments:4001", false);
        check("", false);
    }
}
