//! The two steps of building a component that need the WIT crates:
//!
//! ```text
//! seal-wit bindings WIT WORLD OUTDIR   C header and glue for the guest
//! seal-wit component CORE OUT          core module -> component
//! seal-wit imports COMPONENT           one import a line
//! seal-wit signatures WIT WORLD        one function a line: NAME|TYPE
//! ```
//!
//! `signatures` spells every type out (records with their fields, no names of
//! types), imports as `seal:agent/tools@0.1.0#file-read`, exports by their plain
//! name. host/reflect.c spells the types of a component in the same way; what
//! differs is refused at load.

use anyhow::{bail, Context, Result};
use std::{env, fs, path::Path};
use wit_bindgen_core::Files;
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{Function, Resolve, Type, TypeDefKind, WorldItem, WorldKey};

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
    for (key, item) in &resolve.worlds[world].imports {
        // A type's name is spelt like an import and asks for nothing.
        if !matches!(item, WorldItem::Type { .. }) {
            println!("{}", resolve.name_world_key(key));
        }
    }
    Ok(())
}

fn list(resolve: &Resolve, types: &[Type]) -> Result<String> {
    Ok(types.iter().map(|t| spell(resolve, t)).collect::<Result<Vec<_>>>()?.join(","))
}

fn optional(resolve: &Resolve, ty: &Option<Type>) -> Result<String> {
    ty.as_ref().map_or(Ok("_".into()), |t| spell(resolve, t))
}

fn spell(resolve: &Resolve, ty: &Type) -> Result<String> {
    let id = match ty {
        Type::Bool => return Ok("bool".into()),
        Type::U8 => return Ok("u8".into()),
        Type::U16 => return Ok("u16".into()),
        Type::U32 => return Ok("u32".into()),
        Type::U64 => return Ok("u64".into()),
        Type::S8 => return Ok("s8".into()),
        Type::S16 => return Ok("s16".into()),
        Type::S32 => return Ok("s32".into()),
        Type::S64 => return Ok("s64".into()),
        Type::Char => return Ok("char".into()),
        Type::String => return Ok("string".into()),
        Type::F32 | Type::F64 | Type::ErrorContext => bail!("no JSON says this exactly: {ty:?}"),
        Type::Id(id) => *id,
    };
    Ok(match &resolve.types[id].kind {
        TypeDefKind::Type(t) => spell(resolve, t)?,
        TypeDefKind::List(t) => format!("list<{}>", spell(resolve, t)?),
        TypeDefKind::Option(t) => format!("option<{}>", spell(resolve, t)?),
        TypeDefKind::Result(r) => {
            format!("result<{},{}>", optional(resolve, &r.ok)?, optional(resolve, &r.err)?)
        }
        TypeDefKind::Tuple(t) => format!("tuple<{}>", list(resolve, &t.types)?),
        TypeDefKind::Enum(e) => {
            format!("enum{{{}}}", e.cases.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(","))
        }
        TypeDefKind::Flags(f) => {
            format!("flags{{{}}}", f.flags.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(","))
        }
        TypeDefKind::Record(r) => {
            let fields = r.fields.iter().map(|f| Ok(format!("{}:{}", f.name, spell(resolve, &f.ty)?)));
            format!("record{{{}}}", fields.collect::<Result<Vec<_>>>()?.join(","))
        }
        TypeDefKind::Variant(v) => {
            let cases = v.cases.iter().map(|c| match &c.ty {
                Some(t) => Ok(format!("{}({})", c.name, spell(resolve, t)?)),
                None => Ok(c.name.clone()),
            });
            format!("variant{{{}}}", cases.collect::<Result<Vec<_>>>()?.join(","))
        }
        other => bail!("the contract has no place for a {}", other.as_str()),
    })
}

fn function(resolve: &Resolve, f: &Function) -> Result<String> {
    let params = f.params.iter().map(|p| Ok(format!("{}:{}", p.name, spell(resolve, &p.ty)?)));
    let params = params.collect::<Result<Vec<_>>>()?.join(",");
    let result = f.result.as_ref().map_or(Ok(String::new()), |t| Ok::<_, anyhow::Error>(format!("->{}", spell(resolve, t)?)))?;
    Ok(format!("func({params}){result}"))
}

fn signatures(wit: &str, world: &str) -> Result<()> {
    let mut resolve = Resolve::default();
    let package = resolve.push_path(wit)?.0;
    let world = resolve.select_world(&[package], Some(world))?;
    let world = &resolve.worlds[world];
    for (key, item) in world.imports.iter().chain(&world.exports) {
        let name = resolve.name_world_key(key);
        match (key, item) {
            (_, WorldItem::Interface { id, .. }) => {
                for (_, f) in &resolve.interfaces[*id].functions {
                    let text = function(&resolve, f).with_context(|| format!("{name}#{}", f.name))?;
                    println!("{name}#{}|{text}", f.name);
                }
            }
            (WorldKey::Name(_), WorldItem::Function(f)) => {
                println!("{name}|{}", function(&resolve, f).with_context(|| name.clone())?);
            }
            _ => {}
        }
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
        ["signatures", wit, world] => signatures(wit, world),
        _ => bail!("usage: seal-wit bindings WIT WORLD OUTDIR | component CORE OUT | imports COMPONENT | signatures WIT WORLD"),
    }
}
