//! The system from outside: the built binary, its data directory, HTTP and the command line.

mod story;
mod timeline;
