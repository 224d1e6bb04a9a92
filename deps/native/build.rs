//! Puts the C headers of the crates behind this library into one folder,
//! `$OUT_DIR/include`, with our own from include/; tools/native-lib copies them beside the archive.

use std::{env, fs, path::Path};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn main() {
    let out = Path::new(&env::var("OUT_DIR").unwrap()).join("include");
    let mut found = 0;
    for (name, value) in env::vars() {
        if name.starts_with("DEP_") && name.ends_with("_INCLUDE") {
            copy(Path::new(&value), &out);
            found += 1;
        }
    }
    copy(Path::new("include"), &out);
    assert!(found >= 2, "the Wasmtime and tree-sitter crates name their headers");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=include");
}
