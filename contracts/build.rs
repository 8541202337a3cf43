//! Turns the protobuf contracts into Rust and into a descriptor set for reflection, without protoc.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

const ROOT: &str = "proto";
const PAYMENTS: &str = "proto/stoa/payments/v1/payments.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new([ROOT])?;
    compiler.include_imports(true).include_source_info(true).open_file(PAYMENTS)?;
    fs::write(out.join("payments.bin"), compiler.encode_file_descriptor_set())?;
    // No generated `connect`: `edge::connect` is the one place that knows which transport is used.
    tonic_prost_build::configure()
        .build_transport(false)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
