extern crate tree_sitter as _;
extern crate tree_sitter_bash as _;
pub use wasmtime_c_api::*;

pub mod toml;
