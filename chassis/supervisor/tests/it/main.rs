//! The rules of supervision, shown from outside in virtual time.

mod boot;
mod model;
mod nested;
mod restarts;
mod stage;
mod stop;
mod tasks;
