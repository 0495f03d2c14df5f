//! The bodies of uploads: JSON with bytes in base64, a form, or the parts of a multipart message.
//!
//! All three become the same list of named fields. A part of a multipart message ends at a line
//! that begins with its boundary, so the body is read line by line.

use std::collections::HashMap;
use std::io::{BufRead, Cursor};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::call::Call;
use crate::problem::Problem;
use crate::query;

/// Named fields, as bytes.
#[derive(Debug, Default)]
pub(super) struct Fields(HashMap<String, Vec<u8>>);

impl Fields {
    /// Reads the body, whichever way it was written, and the query, which the older form uses too.
    pub(super) fn of(call: &Call) -> Result<Self, Problem> {
        let kind = call.content_type.as_deref().unwrap_or_default();
        let mut fields = Self::default();
        for (name, value) in &call.query {
            fields.0.insert(name.clone(), value.clone().into_bytes());
        }
        if kind.starts_with("multipart/form-data") {
            let boundary = boundary(kind).ok_or_else(unreadable)?;
            fields.read_parts(&boundary, &call.body).ok_or_else(unreadable)?;
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            let pairs = call.form();
            fields.0.extend(pairs.into_iter().map(|(name, value)| (name, value.into_bytes())));
            fields.decode_media()?;
        } else if !call.body.is_empty() {
            fields.read_json(call)?;
            fields.decode_media()?;
        }
        Ok(fields)
    }

    /// Refuses fields that are not among these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        let mut unknown: Vec<&String> =
            self.0.keys().filter(|name| !known.contains(&name.as_str())).collect();
        unknown.sort_unstable();
        match unknown.first() {
            None => Ok(()),
            Some(name) => Err(Problem::invalid_body(&format!(
                "$.{name}: is not defined in the schema and the schema does not allow additional \
                 properties"
            ))),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    pub(super) fn needed(&self, name: &str) -> Result<&str, Problem> {
        self.text(name).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
    }

    pub(super) fn number(&self, name: &str) -> Result<u64, Problem> {
        let given = self.needed(name)?;
        given.parse().map_err(|_| {
            let message = format!("$.{name}: string found, integer expected");
            Problem::invalid(&format!("$.{name}"), given, &message)
        })
    }

    /// Takes the bytes of a picture or a piece out.
    pub(super) fn media(&mut self) -> Result<Vec<u8>, Problem> {
        self.0.remove("media").filter(|bytes| !bytes.is_empty()).ok_or_else(|| missing("media"))
    }

    fn read_json(&mut self, call: &Call) -> Result<(), Problem> {
        for (name, value) in call.object()? {
            let written = match value {
                Value::String(text) => text,
                Value::Array(items) => {
                    let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                    items.join(",")
                }
                other => other.to_string(),
            };
            self.0.insert(name, written.into_bytes());
        }
        Ok(())
    }

    fn decode_media(&mut self) -> Result<(), Problem> {
        let Some(encoded) = self.0.get_mut("media") else { return Ok(()) };
        let message = "$.media: is not valid base64";
        *encoded = BASE64_STANDARD.decode(&*encoded).map_err(|_| Problem::invalid_body(message))?;
        Ok(())
    }

    fn read_parts(&mut self, boundary: &str, body: &[u8]) -> Option<()> {
        let mut lines = Cursor::new(body);
        let delimiter = format!("--{boundary}").into_bytes();
        let mut line = line(&mut lines)?;
        while !line.starts_with(&delimiter) {
            line = self::line(&mut lines)?;
        }
        loop {
            if line[delimiter.len()..].starts_with(b"--") {
                return Some(());
            }
            let name = part_name(&mut lines)?;
            let mut content = Vec::new();
            line = self::line(&mut lines)?;
            while !line.starts_with(&delimiter) {
                content.append(&mut line);
                line = self::line(&mut lines)?;
            }
            // The line break before a boundary belongs to the boundary.
            content.truncate(content.len().saturating_sub(2));
            self.0.insert(name, content);
        }
    }
}

fn line(lines: &mut Cursor<&[u8]>) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let read = lines.read_until(b'\n', &mut line).unwrap_or_default();
    (read > 0).then_some(line)
}

/// Reads the head of a part to its end; the field's name.
fn part_name(lines: &mut Cursor<&[u8]>) -> Option<String> {
    let mut name = None;
    loop {
        let header = String::from_utf8(line(lines)?).ok()?;
        let header = header.trim_end();
        if header.is_empty() {
            return name;
        }
        let (key, value) = header.split_once(':')?;
        if key.eq_ignore_ascii_case("content-disposition") {
            name = parameter(value, "name");
        }
    }
}

fn boundary(content_type: &str) -> Option<String> {
    parameter(content_type, "boundary")
}

fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        let value = value.trim_matches('"');
        key.eq_ignore_ascii_case(name).then(|| query::decode(value))
    })
}

fn unreadable() -> Problem {
    Problem::invalid_body("Requests with multipart bodies must have valid parts")
}

fn missing(name: &str) -> Problem {
    Problem::invalid_body(&format!("$.{name}: is missing but it is required"))
}
