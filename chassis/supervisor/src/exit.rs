//! Why a child ended.

use std::{any::Any, error::Error, fmt};

use tokio::task::JoinError;

/// Why a child, a task or a whole tree ended.
///
/// Any error turns into [`Exit::Error`] with its chain of causes as text, so a worker may use `?`.
/// Therefore it is no [`Error`] itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It had nothing left to do.
    Normal,
    /// It was asked to stop, and did.
    Shutdown,
    /// It gave up: what failed, and its causes.
    Error(String),
    /// It panicked with this message.
    Panic(String),
    /// It was aborted.
    Killed,
}

impl Exit {
    /// Whether a transient child stays down after it.
    pub fn is_normal(&self) -> bool {
        match self {
            Self::Normal | Self::Shutdown => true,
            Self::Error(_) | Self::Panic(_) | Self::Killed => false,
        }
    }

    /// The reason for the log: a panic's message is left out, the panic hook has told it.
    pub(crate) fn logged(&self) -> &str {
        match self {
            Self::Normal => "normal",
            Self::Shutdown => "shutdown",
            Self::Error(text) => text,
            Self::Panic(_) => "panic",
            Self::Killed => "killed",
        }
    }

    pub(crate) fn of_join(error: JoinError) -> Self {
        match error.try_into_panic() {
            Ok(payload) => Self::Panic(panic_message(payload.as_ref())),
            Err(_cancelled) => Self::Killed,
        }
    }
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&'static str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Shutdown => f.write_str("shutdown"),
            Self::Error(text) => f.write_str(text),
            Self::Panic(message) => write!(f, "panic: {message}"),
            Self::Killed => f.write_str("killed"),
        }
    }
}

impl<E: Error> From<E> for Exit {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        Self::Error(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("relay {queue}")]
    struct Outer {
        queue: &'static str,
        source: std::num::ParseIntError,
    }

    #[test]
    fn an_error_keeps_the_chain_of_its_causes() {
        let source = "x".parse::<i64>().unwrap_err();

        let exit = Exit::from(Outer { queue: "orders", source });

        assert_eq!(exit, Exit::Error("relay orders: invalid digit found in string".to_owned()));
    }

    #[test]
    fn only_normal_and_shutdown_are_normal() {
        let check = |exit: Exit, normal| assert_eq!(exit.is_normal(), normal, "{exit}");
        check(Exit::Normal, true);
        check(Exit::Shutdown, true);
        check(Exit::Error("x".to_owned()), false);
        check(Exit::Panic("x".to_owned()), false);
        check(Exit::Killed, false);
    }
}
