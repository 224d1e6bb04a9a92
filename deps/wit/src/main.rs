//! The two steps of building a component that need the WIT crates:
//!
//! ```text
//! seal-wit bindings WIT WORLD OUTDIR   C header and glue for the guest
//! seal-wit component CORE OUT          core module -> component
//! seal-wit imports COMPONENT           one import a line
//! ```

use anyhow::{bail, Context, Result};
use std::{env, fs, path::Path};
use wit_bindgen_core::Files;
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::Resolve;

fn bindings(wit: &str, world: &str, out: &str) -> Result<()> {
    let mut resolve = Resolve::default();
    let package = resolve.push_path(wit)?.0;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut files = Files::default();
    wit_bindgen_c::Opts::default().build().generate(&mut resolve, world, &mut files)?;
    fs::create_dir_all(out)?;
    for (name, bytes) in files.iter() {
        fs::write(Path::new(out).join(name), bytes)?;
    }
    Ok(())
}

fn component(core: &str, out: &str) -> Result<()> {
    let core = fs::read(core).with_context(|| core.to_string())?;
    let bytes = ComponentEncoder::default().module(&core)?.validate(true).encode()?;
    fs::write(out, bytes)?;
    Ok(())
}

fn imports(path: &str) -> Result<()> {
    let bytes = fs::read(path).with_context(|| path.to_string())?;
    let (resolve, world) = match wit_component::decode(&bytes)? {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => bail!("{path} is a WIT package, not a component"),
    };
    for (key, _) in &resolve.worlds[world].imports {
        println!("{}", resolve.name_world_key(key));
    }
    Ok(())
}

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["bindings", wit, world, out] => bindings(wit, world, out),
        ["component", core, out] => component(core, out),
        ["imports", path] => imports(path),
        _ => bail!("usage: seal-wit bindings WIT WORLD OUTDIR | component CORE OUT | imports COMPONENT"),
    }
}
