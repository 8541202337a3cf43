//! How the program ends: exit codes in the manner of sysexits(3), and the words that go with them.
use std::fmt;
use std::process::ExitCode;

/// Why the process ended; the number is part of the command line's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 1: the command did its work and found something to tell (audit findings, rejected rows).
    Found = 1,
    /// 64: a wrong flag, argument or setting.
    Usage = 64,
    /// 65: a file holds something else than it should (a corrupt database, not an import file).
    Data = 65,
    /// 66: an input file cannot be read.
    NoInput = 66,
    /// 69: something needed is not there (the address is taken, no server answers).
    Unavailable = 69,
    /// 70: a bug.
    Bug = 70,
    /// 73: a file or directory cannot be created or written (read-only, no rights).
    CannotCreate = 73,
    /// 74: reading or writing failed (the disk is full).
    Io = 74,
    /// 75: another process holds what is needed; later it may work.
    Busy = 75,
    /// 77: the server refused the credentials.
    Refused = 77,
    /// 78: the data and this version of the program do not belong together.
    Config = 78,
}

/// The end of a command that did not go well: one line that says what, one that says what to do.
#[derive(Debug)]
pub struct Stopped {
    pub exit: Exit,
    what: String,
    advice: Option<String>,
}

impl Stopped {
    pub fn new(exit: Exit, what: impl fmt::Display) -> Self {
        Self { exit, what: one_line(&what.to_string()), advice: None }
    }

    /// Ends without another word: the command has said everything itself.
    pub fn silent(exit: Exit) -> Self {
        Self { exit, what: String::new(), advice: None }
    }

    pub fn usage(what: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, what)
    }

    pub fn bug(what: impl fmt::Display) -> Self {
        Self::new(Exit::Bug, what)
    }

    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// The same words with another code.
    #[must_use]
    pub fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// What `what` was about, put before it.
    #[must_use]
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        self.what = format!("{subject}: {}", self.what);
        self
    }

    /// Prints the words on stderr and gives the code to leave with.
    pub fn report(&self) -> ExitCode {
        if !self.what.is_empty() {
            eprintln!("{self}");
        }
        ExitCode::from(self.exit as u8)
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        match &self.advice {
            Some(advice) => write!(f, "\n  try: {advice}"),
            None => Ok(()),
        }
    }
}

/// An input or output error on `path`, by what the operating system said.
pub fn io(path: impl fmt::Display, error: &std::io::Error) -> Stopped {
    use std::io::ErrorKind;
    let what = format!("{path}: {error}");
    let kind = error.kind();
    if kind == ErrorKind::NotFound {
        return Stopped::new(Exit::NoInput, what);
    }
    if matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) {
        return Stopped::new(Exit::CannotCreate, what)
            .advise("give the process the right to write there, or name another place");
    }
    if matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        return Stopped::new(Exit::Io, what).advise("free some disk space, then start again");
    }
    Stopped::new(Exit::Io, what)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_one_line_and_the_advice_another() {
        let stopped = Stopped::usage("listen:\n  not an address").advise("--listen 127.0.0.1:4000");

        let text = stopped.to_string();

        assert_eq!(text, "error: listen: not an address\n  try: --listen 127.0.0.1:4000");
    }

    #[test]
    fn an_io_error_leaves_with_the_code_of_its_kind() {
        use std::io::{Error, ErrorKind};
        let check = |kind, exit| assert_eq!(io("x", &Error::from(kind)).exit, exit, "{kind:?}");

        check(ErrorKind::NotFound, Exit::NoInput);
        check(ErrorKind::PermissionDenied, Exit::CannotCreate);
        check(ErrorKind::ReadOnlyFilesystem, Exit::CannotCreate);
        check(ErrorKind::StorageFull, Exit::Io);
        check(ErrorKind::UnexpectedEof, Exit::Io);
    }
}
