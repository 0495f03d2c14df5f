//! The check alone, on files of every sort.

use std::fs::File;
use std::io::Write as _;

use hashbuzz_domain::Span;
use hashbuzz_domain::media::{Facts, Format};
use hashbuzz_media::samples::{self, boxed, coded};
use hashbuzz_media::{Limits, Refusal, check, format_of};
use image::ImageFormat;
use proptest::prelude::*;

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("a file is written");
    file
}

fn checked(bytes: &[u8]) -> Result<Facts, Refusal> {
    let format = format_of(bytes).ok_or(Refusal::UnknownFormat)?;
    check(
        &mut file(bytes),
        format,
        u64::try_from(bytes.len()).expect("a length"),
        &Limits::default(),
    )
}

fn webp() -> Vec<u8> {
    samples::picture(ImageFormat::WebP, 40, 30, 1)
}

fn jpeg() -> Vec<u8> {
    samples::picture(ImageFormat::Jpeg, 40, 30, 1)
}

#[test]
fn every_format_is_known_by_its_bytes_and_measured() {
    let still =
        |format| Facts { format, bytes: 0, width: 40, height: 30, frames: 1, duration: None };
    let moving = Facts { frames: 7, ..still(Format::Gif) };
    let video =
        Facts { frames: 0, duration: Some(Span::from_millis(12_500)), ..still(Format::Mp4) };
    for (bytes, expected) in [
        (samples::png(40, 30, 1), still(Format::Png)),
        (jpeg(), still(Format::Jpeg)),
        (webp(), still(Format::WebP)),
        (samples::gif(40, 30, 7), moving),
        (samples::mp4(40, 30, 12_500, 999), video),
    ] {
        let length = u64::try_from(bytes.len()).unwrap();
        assert_eq!(checked(&bytes), Ok(Facts { bytes: length, ..expected }));
    }
}

#[test]
fn what_is_cut_off_is_refused_wherever_it_is_cut() {
    for whole in
        [samples::png(40, 30, 1), webp(), samples::gif(40, 30, 3), samples::mp4(40, 30, 5_000, 500)]
    {
        let format = format_of(&whole).unwrap();
        // The last four bytes of a PNG are a checksum of nothing.
        for end in 12..whole.len() - 4 {
            let refused = checked(&whole[..end]);
            assert!(
                matches!(&refused, Err(Refusal::Broken { format: f, .. }) if *f == format),
                "{format:?} cut at {end} of {}: {refused:?}",
                whole.len()
            );
        }
    }
    // A JPEG has no length: what is missing at its very end may be a few pixels.
    let whole = jpeg();
    for end in 12..whole.len() / 2 {
        assert!(checked(&whole[..end]).is_err(), "JPEG cut at {end}");
    }
}

#[test]
fn other_files_are_no_media_whatever_their_name() {
    for bytes in [
        &b"%PDF-1.7 and so on"[..],
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        b"GIF88a, nearly one",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"\x1aE\xdf\xa3 a Matroska video",
        b"MZ\x90\0",
        b"",
        b"\xff\xd8",
    ] {
        assert_eq!(checked(bytes), Err(Refusal::UnknownFormat), "{bytes:?}");
    }
}

/// A PNG that says it has so many pixels and holds none of them.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = samples::png(8, 8, 0);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    !sum
}

#[test]
fn a_picture_that_claims_a_billion_pixels_is_refused_before_it_is_unpacked() {
    for (width, height) in [(100_000, 100_000), (8_193, 1), (8_000, 8_000), (1, 2_000_000_000)] {
        let refused = checked(&bomb(width, height));
        assert_eq!(refused, Err(Refusal::TooManyPixels { width, height }));
    }
    let mut gif = samples::gif(8, 8, 1);
    gif[6..10].copy_from_slice(&[0xff; 4]);
    let sides = Refusal::TooManyPixels { width: 65_535, height: 65_535 };
    assert_eq!(checked(&gif), Err(sides));
}

#[test]
fn a_video_is_refused_for_what_it_is() {
    let long = checked(&samples::mp4(40, 30, 140_001, 9));
    let limit = Span::from_secs(140);
    assert_eq!(long, Err(Refusal::TooLong { duration: Span::from_millis(140_001), limit }));
    assert!(checked(&samples::mp4(40, 30, 140_000, 9)).is_ok());
    assert_eq!(checked(&samples::mp4(40, 30, 0, 9)), Err(Refusal::NoDuration));
    let hevc = checked(&coded(b"hvc1", (40, 30), 1_000, 9));
    assert_eq!(hevc, Err(Refusal::Codec("hvc1".to_owned())));
    assert!(matches!(checked(&samples::mp4(0, 30, 1_000, 9)), Err(Refusal::Broken { .. })));
    let head = boxed(b"ftyp", b"isom\0\0\x02\0isom");
    let sound = boxed(
        b"moov",
        &boxed(b"mvhd", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
    );
    let sound = [head.clone(), sound, boxed(b"mdat", &[1])].concat();
    assert_eq!(checked(&sound), Err(Refusal::NoVideo));
    let empty = checked(&[head, boxed(b"mdat", &[1])].concat());
    assert!(matches!(empty, Err(Refusal::Broken { .. })), "{empty:?}");
}

#[test]
fn a_video_may_have_its_header_last_and_boxes_with_long_lengths() {
    let whole = samples::mp4(40, 30, 3_000, 0);
    let (head, rest) = whole.split_at(8 + 24);
    let moov = &rest[..rest.len() - 8];
    let mut data = vec![0, 0, 0, 1];
    data.extend(b"mdat");
    data.extend(20_u64.to_be_bytes());
    data.extend([7; 4]);
    assert!(checked(&[head, &data, moov].concat()).is_ok());
    let to_the_end = [head, moov, &[0, 0, 0, 0], b"mdat", &[7; 99]].concat();
    assert!(checked(&to_the_end).is_ok());
}

#[test]
fn the_limits_are_those_of_the_deployment() {
    let picture = samples::png(40, 30, 1);
    let limits = Limits { image_bytes: 10, ..Limits::default() };
    let bytes = u64::try_from(picture.len()).unwrap();
    let refused = check(&mut file(&picture), Format::Png, bytes, &limits).unwrap_err();
    assert_eq!(refused.code(), "media.too_large");
}

#[test]
fn what_is_said_says_what_to_do() {
    let said = checked(&samples::mp4(40, 30, 200_000, 9)).unwrap_err().to_string();
    assert_eq!(said, "the video lasts 200 s, and 140 s is the most: cut it");
    let said = checked(b"hello, is this a picture?").unwrap_err().to_string();
    assert!(said.starts_with("this is no PNG, JPEG, WebP, GIF or MP4"), "{said}");
}

proptest! {
    /// Whatever comes after a good beginning: an answer, no panic, and no facts beyond the limits.
    #[test]
    fn garbage_is_answered(which in 0..5_usize, tail in prop::collection::vec(any::<u8>(), 0..600)) {
        let heads: [&[u8]; 5] = [
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
            b"\xff\xd8\xff\xe0\0\x10JFIF",
            b"GIF89a",
            b"RIFF\x40\0\0\0WEBPVP8 ",
            b"\0\0\0\x10ftypisom\0\0\0\0",
        ];
        let bytes = [heads[which], &tail].concat();
        if let Ok(facts) = checked(&bytes) {
            prop_assert!(facts.width > 0 && facts.width <= 65_535);
        }
    }

    /// A good file with some bytes turned: the same.
    #[test]
    fn damage_is_answered(
        which in 0..5_usize,
        turns in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = match which {
            0 => samples::png(24, 16, 1),
            1 => jpeg(),
            2 => webp(),
            3 => samples::gif(24, 16, 3),
            _ => samples::mp4(24, 16, 2_000, 64),
        };
        for (at, byte) in turns {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        if let Ok(facts) = checked(&bytes) {
            prop_assert!(facts.width > 0 && facts.height > 0);
            prop_assert!(facts.duration.is_none_or(|d| d <= Span::from_secs(140)));
        }
    }
}
