//! Videos: the boxes of an MP4, as far as they say what it is. <ISO/IEC 14496-12:2022>
//!
//! A file is a row of boxes, each with its length and a name of four letters. Networks want to know
//! how long it is (`moov/mvhd`), how large (`moov/trak/mdia/minf/stbl/stsd`) and how it is coded
//! (there too). Only `moov` is ever read, the rest is stepped over, so that half a gigabyte costs a
//! few kilobytes. Lengths are a stranger's numbers: each has to fit into what it stands in, and a
//! box that reaches beyond the end of its file shows that the file was cut off.
//!
//! Why by hand: what reads all of MP4 is a hundred times as much code, fed by strangers.

use std::io::{Read, Seek, SeekFrom};

use hashbuzz_domain::Span;
use hashbuzz_domain::media::Format;

use crate::Refusal;

/// The largest `moov` that is read: of two hours it has two megabytes.
const MOOV: u64 = 16 * 1024 * 1024;
/// Boxes beside each other; more have no honest use.
const BOXES: usize = 4_096;
/// How H.264 is called.
const H264: [&[u8; 4]; 2] = [b"avc1", b"avc3"];

/// What the boxes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) duration: Span,
}

fn broken(why: impl std::fmt::Display) -> Refusal {
    Refusal::broken(Format::Mp4, why)
}

/// Walks the boxes of a file of `size` bytes.
pub(crate) fn read(file: &mut (impl Read + Seek), size: u64) -> Result<Seen, Refusal> {
    let (mut at, mut seen, mut data) = (0, None, false);
    for _ in 0..BOXES {
        if at == size {
            return match seen {
                Some(seen) if data => Ok(seen),
                Some(_) => Err(broken("its pictures (`mdat`) are missing")),
                None => Err(broken("its header (`moov`) is missing")),
            };
        }
        let (name, head, length) = header(file, at, size)?;
        match &name {
            b"moov" if length > MOOV => return Err(broken("its header is too large")),
            b"moov" => {
                let mut moov = vec![0; usize::try_from(length - head).map_err(broken)?];
                file.read_exact(&mut moov).map_err(broken)?;
                seen = Some(movie(&moov)?);
            }
            b"mdat" => data = true,
            _ => {}
        }
        at += length;
        file.seek(SeekFrom::Start(at)).map_err(broken)?;
    }
    Err(broken("it has too many boxes"))
}

/// Name, length of the header, and length of all, of the box at `at`.
fn header(file: &mut impl Read, at: u64, size: u64) -> Result<([u8; 4], u64, u64), Refusal> {
    let mut first = [0; 8];
    file.read_exact(&mut first).map_err(broken)?;
    let [a, b, c, d, name @ ..] = first;
    let (head, length) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (8, size - at),
        1 => {
            let mut large = [0; 8];
            file.read_exact(&mut large).map_err(broken)?;
            (16, u64::from_be_bytes(large))
        }
        length => (8, u64::from(length)),
    };
    if length < head {
        return Err(broken("a box is shorter than its own header"));
    }
    if length > size - at {
        return Err(broken(format!("it has {size} bytes, and its boxes need more")));
    }
    Ok((name, head, length))
}

/// The boxes inside of one.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (first, _) = rest.split_first_chunk::<8>()?;
        let [a, b, c, d, name @ ..] = *first;
        let (head, length) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (8, rest.len()),
            1 => {
                let large = rest.get(8..16)?.try_into().ok()?;
                (16, usize::try_from(u64::from_be_bytes(large)).ok()?)
            }
            length => (8, usize::try_from(length).ok()?),
        };
        let inside = rest.get(head..length)?;
        rest = &rest[length..];
        Some((name, inside))
    })
    .take(BOXES)
}

/// The first box of that name.
fn find<'a>(inside: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(inside).find(|(known, _)| known == name).map(|(_, inside)| inside)
}

fn movie(moov: &[u8]) -> Result<Seen, Refusal> {
    let header = find(moov, b"mvhd").ok_or_else(|| broken("`mvhd` is missing"))?;
    let duration = duration(header).ok_or_else(|| broken("`mvhd` is too short"))?;
    let (width, height) = boxes(moov)
        .filter(|(name, _)| name == b"trak")
        .find_map(|(_, track)| picture(track))
        .ok_or(Refusal::NoVideo)??;
    if width == 0 || height == 0 {
        return Err(broken("its pictures have no size"));
    }
    let duration = duration.filter(|duration| *duration > Span::ZERO);
    Ok(Seen { width, height, duration: duration.ok_or(Refusal::NoDuration)? })
}

/// How long it is: nothing where the header leaves that open; and nothing at all when it is cut.
fn duration(header: &[u8]) -> Option<Option<Span>> {
    let number = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    let (scale, units, open) = match header.first()? {
        1 => {
            let units = u64::from_be_bytes(header.get(24..32)?.try_into().ok()?);
            (number(20)?, units, units == u64::MAX)
        }
        _ => {
            let units = number(16)?;
            (number(12)?, u64::from(units), units == u32::MAX)
        }
    };
    if open || scale == 0 {
        return Some(None);
    }
    let micros = u128::from(units) * 1_000_000 / u128::from(scale);
    Some(Some(Span::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))))
}

/// Width and height of a track with pictures; nothing for any other.
fn picture(track: &[u8]) -> Option<Result<(u32, u32), Refusal>> {
    let media = find(track, b"mdia")?;
    let handler = find(media, b"hdlr")?;
    if handler.get(8..12)? != b"vide" {
        return None;
    }
    let table = find(find(media, b"minf")?, b"stbl")?;
    let described = find(table, b"stsd")?;
    let (name, entry) = boxes(described.get(8..)?).next()?;
    if !H264.contains(&&name) {
        return Some(Err(Refusal::Codec(String::from_utf8_lossy(&name).into_owned())));
    }
    let side =
        |at: usize| Some(u32::from(u16::from_be_bytes(entry.get(at..at + 2)?.try_into().ok()?)));
    Some(Ok((side(24)?, side(26)?)))
}
