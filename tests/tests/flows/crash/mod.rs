//! The process dies: at each moment that the program names, and at any moment under load.

mod points;
mod random;
mod scenario;
