//! Still pictures. One is unpacked to its last row and thrown away: a header can be read of a file
//! that ends after it. Its size is known, and refused if need be, before anything is unpacked.

use std::io::{BufRead, Seek};

use hashbuzz_domain::media::Format;
use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};

use crate::Refusal;
use crate::limits::{MEMORY, PIXELS, SIDE};

/// Width and height.
pub(crate) fn read(file: impl BufRead + Seek, format: Format) -> Result<(u32, u32), Refusal> {
    let broken = |error: ImageError| Refusal::broken(format, error);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::with_format(file, written_as(format));
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if width > SIDE || height > SIDE || pixels > PIXELS {
        return Err(Refusal::TooManyPixels { width, height });
    }
    let unpacked = DynamicImage::from_decoder(decoder).map_err(broken)?;
    Ok((unpacked.width(), unpacked.height()))
}

const fn written_as(format: Format) -> ImageFormat {
    match format {
        Format::Png => ImageFormat::Png,
        Format::WebP => ImageFormat::WebP,
        // The other two are not read here.
        Format::Jpeg | Format::Gif | Format::Mp4 => ImageFormat::Jpeg,
    }
}
