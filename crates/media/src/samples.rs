//! Media made on the spot, for tests, the demo and the simulator: as small as they can be, or as
//! large as asked.

use std::io::Cursor;

use gif::{Encoder, Frame, Repeat};
use image::{ImageFormat, Rgb, RgbImage};

/// A picture of coloured stripes; another `shade` is another picture.
///
/// # Panics
/// When the encoder fails, which has no reason to.
pub fn picture(format: ImageFormat, width: u32, height: u32, shade: u8) -> Vec<u8> {
    let stripe = |n: u32| u8::try_from(n / 8 * 40 % 256).unwrap_or(0);
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([stripe(x), shade, stripe(x + y)]));
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("a picture can be written to memory");
    file.into_inner()
}

/// A PNG.
///
/// # Panics
/// As [`picture`].
pub fn png(width: u32, height: u32, shade: u8) -> Vec<u8> {
    picture(ImageFormat::Png, width, height, shade)
}

/// A moving picture of so many frames.
///
/// # Panics
/// As [`picture`].
pub fn gif(width: u16, height: u16, frames: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let palette = [0x20, 0x60, 0xa0, 0xf0, 0xe0, 0x40];
    let mut encoder =
        Encoder::new(&mut file, width, height, &palette).expect("a GIF can be written to memory");
    encoder.set_repeat(Repeat::Infinite).expect("a GIF can be written to memory");
    for number in 0..frames {
        let pixels = usize::from(width) * usize::from(height);
        let pixels: Vec<u8> =
            (0..pixels).map(|at| u8::from((at + usize::from(number)) % 3 == 0)).collect();
        let frame = Frame { width, height, delay: 10, buffer: pixels.into(), ..Frame::default() };
        encoder.write_frame(&frame).expect("a GIF can be written to memory");
    }
    drop(encoder);
    file
}

/// A video of so many milliseconds, with `bytes` bytes where its pictures would be. No player shows
/// it; its boxes are those of a real one.
pub fn mp4(width: u16, height: u16, millis: u32, bytes: usize) -> Vec<u8> {
    coded(b"avc1", (width, height), millis, bytes)
}

/// The same, coded as something else.
pub fn coded(codec: &[u8; 4], size: (u16, u16), millis: u32, bytes: usize) -> Vec<u8> {
    let mut entry = vec![0; 24];
    entry.extend(size.0.to_be_bytes());
    entry.extend(size.1.to_be_bytes());
    entry.extend([0; 50]);
    let described = [[0, 0, 0, 0, 0, 0, 0, 1].to_vec(), boxed(codec, &entry)].concat();
    let table = boxed(b"stbl", &boxed(b"stsd", &described));
    let handler = [&[0; 8][..], b"vide", &[0; 13]].concat();
    let inside = [boxed(b"hdlr", &handler), boxed(b"minf", &table)].concat();
    let sound = boxed(b"mdia", &boxed(b"hdlr", &[&[0; 8][..], b"soun", &[0; 13]].concat()));
    let tracks = [boxed(b"trak", &sound), boxed(b"trak", &boxed(b"mdia", &inside))].concat();
    // Version 0: times, then thousandths of a second, then how many of them.
    let mut header = vec![0; 12];
    header.extend(1_000_u32.to_be_bytes());
    header.extend(millis.to_be_bytes());
    header.extend([0; 80]);
    let movie = boxed(b"moov", &[boxed(b"mvhd", &header), tracks].concat());
    let data: Vec<u8> = (0..bytes).map(|at| u8::try_from(at % 251).unwrap_or(0)).collect();
    [boxed(b"ftyp", b"isom\0\0\x02\0isomiso2avc1mp41"), movie, boxed(b"mdat", &data)].concat()
}

/// A box.
///
/// # Panics
/// When it has more than 4 GB.
pub fn boxed(name: &[u8; 4], inside: &[u8]) -> Vec<u8> {
    let length = u32::try_from(inside.len() + 8).expect("a small box");
    [&length.to_be_bytes()[..], name, inside].concat()
}
