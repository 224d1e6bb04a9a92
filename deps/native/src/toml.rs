//! The C ABI of include/seal_toml.h: toml_edit's document as a flat list of
//! nodes.  No decision about the manifest is made here.

use std::{ffi::c_char, ffi::c_int, ops::Range, slice, str};
use toml_edit::{Document, Item, Table, TableLike, Value};

/// The manifest needs 7; what is deeper is refused here, before any recursion of ours.
const DEPTH_MAX: usize = 32;

#[repr(C)]
#[derive(Default)]
pub struct Node {
    kind: u32,
    start: u32,
    end: u32,
    key_start: u32,
    next: u32,
    first: u32,
    key: u32,
    key_len: u32,
    text: u32,
    text_len: u32,
    integer: i64,
    number: f64,
}

#[repr(C)]
pub struct Toml {
    nodes: *mut Node,
    n_nodes: usize,
    bytes: *mut c_char,
    n_bytes: usize,
    error_at: usize,
}

type Failure = (String, usize);

#[derive(Default)]
struct Out {
    nodes: Vec<Node>,
    bytes: Vec<u8>,
}

impl Out {
    fn text(&mut self, text: &str) -> (u32, u32) {
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(text.as_bytes());
        (at, text.len() as u32)
    }

    fn node(&mut self, kind: u32, span: Option<Range<usize>>) -> usize {
        let span = span.unwrap_or(0..0);
        self.nodes.push(Node {
            kind,
            start: span.start as u32,
            end: span.end as u32,
            ..Default::default()
        });
        self.nodes.len() - 1
    }

    /// Puts `node` behind `last` in the chain of `parent`'s children.
    fn chain(&mut self, parent: usize, last: &mut usize, node: usize) {
        if *last == 0 {
            self.nodes[parent].first = node as u32;
        } else {
            self.nodes[*last].next = node as u32;
        }
        *last = node;
    }

    fn members(&mut self, at: usize, table: &dyn TableLike, depth: usize) -> Result<(), Failure> {
        let mut last = 0;
        for (name, item) in table.iter() {
            let key_start = table.key(name).and_then(|key| key.span()).map_or(0, |s| s.start);
            let Some(node) = self.item(item, depth)? else { continue };
            let (key, key_len) = self.text(name);
            let member = &mut self.nodes[node];
            (member.key, member.key_len, member.key_start) = (key, key_len, key_start as u32);
            self.chain(at, &mut last, node);
        }
        Ok(())
    }

    fn table(&mut self, table: &Table, depth: usize) -> Result<usize, Failure> {
        let made = table.is_dotted() || table.is_implicit();
        let at = self.node(if made { 8 } else { 9 }, table.span());
        self.members(at, table, depth)?;
        Ok(at)
    }

    fn item(&mut self, item: &Item, depth: usize) -> Result<Option<usize>, Failure> {
        if depth > DEPTH_MAX {
            let at = item.span().map_or(0, |span| span.start);
            return Err((format!("nested more than {DEPTH_MAX} levels deep"), at));
        }
        Ok(match item {
            Item::None => None,
            Item::Value(value) => Some(self.value(value, depth)?),
            Item::Table(table) => Some(self.table(table, depth + 1)?),
            Item::ArrayOfTables(tables) => {
                let at = self.node(10, tables.span());
                let mut last = 0;
                for table in tables.iter() {
                    let node = self.table(table, depth + 1)?;
                    self.chain(at, &mut last, node);
                }
                Some(at)
            }
        })
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<usize, Failure> {
        if depth > DEPTH_MAX {
            let at = value.span().map_or(0, |span| span.start);
            return Err((format!("nested more than {DEPTH_MAX} levels deep"), at));
        }
        let at = self.node(0, value.span());
        self.nodes[at].kind = match value {
            Value::String(text) => {
                let (start, len) = self.text(text.value());
                (self.nodes[at].text, self.nodes[at].text_len) = (start, len);
                1
            }
            Value::Integer(integer) => {
                self.nodes[at].integer = *integer.value();
                2
            }
            Value::Float(number) => {
                self.nodes[at].number = *number.value();
                3
            }
            Value::Boolean(is) => {
                self.nodes[at].integer = *is.value() as i64;
                4
            }
            Value::Datetime(_) => 5,
            Value::Array(array) => {
                let mut last = 0;
                for element in array.iter() {
                    let node = self.value(element, depth + 1)?;
                    self.chain(at, &mut last, node);
                }
                6
            }
            Value::InlineTable(table) => {
                self.members(at, table, depth + 1)?;
                if table.is_dotted() { 8 } else { 7 }
            }
        };
        Ok(at)
    }
}

fn parse(text: &[u8]) -> Result<Out, Failure> {
    let text = str::from_utf8(text)
        .map_err(|error| ("invalid UTF-8".to_string(), error.valid_up_to()))?;
    let document = Document::parse(text).map_err(|error| {
        let at = error.span().map_or(text.len(), |span| span.start);
        match error.message() {
            deep if deep.contains("recurs") => ("nested too deeply".to_string(), at),
            other => (other.to_string(), at),
        }
    })?;
    let mut out = Out::default();
    out.table(document.as_table(), 0)?;
    Ok(out)
}

fn give<T>(list: Vec<T>) -> (*mut T, usize) {
    let list = Box::leak(list.into_boxed_slice());
    (list.as_mut_ptr(), list.len())
}

fn take<T>(list: *mut T, len: usize) {
    if !list.is_null() {
        drop(unsafe { Box::from_raw(slice::from_raw_parts_mut(list, len)) });
    }
}

/// # Safety
/// `text` points to `len` bytes, `ret` to a struct to fill.
#[no_mangle]
pub unsafe extern "C" fn seal_toml_parse(text: *const c_char, len: usize, ret: *mut Toml) -> c_int {
    let (out, error_at, r) = match parse(slice::from_raw_parts(text.cast(), len)) {
        Ok(out) => (out, 0, 0),
        Err((what, at)) => (Out { bytes: what.into_bytes(), ..Default::default() }, at, -1),
    };
    let (nodes, n_nodes) = give(out.nodes);
    let (bytes, n_bytes) = give(out.bytes);
    *ret = Toml { nodes, n_nodes, bytes: bytes.cast(), n_bytes, error_at };
    r
}

/// # Safety
/// `toml` was filled by seal_toml_parse().
#[no_mangle]
pub unsafe extern "C" fn seal_toml_free(toml: *mut Toml) {
    take((*toml).nodes, (*toml).n_nodes);
    take((*toml).bytes.cast::<u8>(), (*toml).n_bytes);
    *toml = Toml {
        nodes: std::ptr::null_mut(),
        n_nodes: 0,
        bytes: std::ptr::null_mut(),
        n_bytes: 0,
        error_at: 0,
    };
}
