//! Smaller formats of images: Strapi's thumbnail and its three sizes. What is decoded has a bound of pixels, read from the image's head first.
//!
//! Source: dialect manual 8.4; Strapi's `image-manipulation` service.

use std::fs;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use crate::Error;

/// Quality of JPEG formats, of 100.
const JPEG_QUALITY: u8 = 80;
/// Bytes that a decoder may take for each pixel: four channels of 16 bits.
const PIXEL_BYTES_MAX: u64 = 8;

/// One format and what it fits into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatRule {
    /// Its name, and what the file's name begins with.
    pub name: &'static str,
    /// Greatest width.
    pub width: u32,
    /// Greatest height.
    pub height: u32,
}

/// Every format, in the order of the answer. One is made where the image is larger.
pub static FORMATS: [FormatRule; 4] = [
    FormatRule { name: "thumbnail", width: 245, height: 156 },
    FormatRule { name: "large", width: 1000, height: 1000 },
    FormatRule { name: "medium", width: 750, height: 750 },
    FormatRule { name: "small", width: 500, height: 500 },
];

/// Width and height as a viewer shows them, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimensions {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Bounds on what is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageLimits {
    /// Width times height.
    pub pixels_max: u64,
}

/// A format that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatFile {
    /// Which.
    pub rule: FormatRule,
    /// Its size in pixels.
    pub dimensions: Dimensions,
    /// Its size on disk.
    pub bytes: u64,
    /// Where it is.
    pub path: PathBuf,
}

impl FormatRule {
    fn is_smaller_than(&self, image: Dimensions) -> bool {
        image.width > self.width || image.height > self.height
    }
}

/// Reads the size of an image from its head, and that it is within the bounds. Blocks.
///
/// # Errors
/// It cannot be read, or has too many pixels.
pub fn dimensions(path: &Path, name: &str, limits: ImageLimits) -> Result<Dimensions, Error> {
    Opened::read(path, name, limits).map(|opened| opened.dimensions)
}

/// Makes the formats that are smaller than the image, each in a file of its own. Blocks, for as long as decoding takes.
///
/// # Errors
/// It cannot be read, has too many pixels, or the disk refuses.
pub fn make(
    path: &Path,
    name: &str,
    limits: ImageLimits,
    place: &dyn Fn(&FormatRule) -> PathBuf,
) -> Result<Vec<FormatFile>, Error> {
    let opened = Opened::read(path, name, limits)?;
    let wanted: Vec<&FormatRule> = FORMATS.iter().filter(|rule| rule.is_smaller_than(opened.dimensions)).collect();
    // Even an image of which nothing is made is read to its end once: what breaks off is no image.
    let format = opened.format;
    let mut image = opened.decoded(name)?;
    let mut made = Vec::with_capacity(wanted.len());
    let mut from_the_largest = wanted.clone();
    from_the_largest.sort_by_key(|rule| std::cmp::Reverse(rule.width));
    for rule in from_the_largest {
        image = smaller(&image, *rule);
        let path = place(rule);
        let bytes = write(&image, format, &path, name)?;
        let dimensions = Dimensions { width: image.width(), height: image.height() };
        made.push(FormatFile { rule: *rule, dimensions, bytes, path });
    }
    made.sort_by_key(|format| FORMATS.iter().position(|rule| *rule == format.rule));
    Ok(made)
}

/// An image whose head was read.
struct Opened {
    decoder: Box<dyn image::ImageDecoder>,
    format: ImageFormat,
    orientation: Orientation,
    dimensions: Dimensions,
}

impl Opened {
    fn read(path: &Path, name: &str, limits: ImageLimits) -> Result<Opened, Error> {
        let broken = |problem: &dyn std::fmt::Display| broken(name, problem);
        let disk = |source| Error::Disk { what: "read", path: path.to_path_buf(), source };
        let file = BufReader::new(fs::File::open(path).map_err(disk)?);
        let mut reader = ImageReader::new(file).with_guessed_format().map_err(disk)?;
        let mut bounds = Limits::default();
        bounds.max_alloc = Some(limits.pixels_max.saturating_mul(PIXEL_BYTES_MAX));
        reader.limits(bounds);
        let format = reader.format().ok_or_else(|| broken(&"its format is not known"))?;
        let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > limits.pixels_max {
            return Err(Error::ImageTooLarge { name: name.to_owned(), width, height, most: limits.pixels_max });
        }
        // A turn that cannot be read is none.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let dimensions = turned(Dimensions { width, height }, orientation);
        Ok(Opened { decoder: Box::new(decoder), format, orientation, dimensions })
    }

    fn decoded(self, name: &str) -> Result<DynamicImage, Error> {
        let mut image = DynamicImage::from_decoder(self.decoder).map_err(|error| broken(name, &error))?;
        image.apply_orientation(self.orientation);
        Ok(image)
    }
}

fn turned(Dimensions { width, height }: Dimensions, orientation: Orientation) -> Dimensions {
    match orientation {
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => Dimensions { width, height },
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            Dimensions { width: height, height: width }
        }
    }
}

/// The image inside the bounds of a format, its proportions kept. A much larger one is first brought near by averages, which costs no memory
/// beside the result.
fn smaller(image: &DynamicImage, rule: FormatRule) -> DynamicImage {
    let (width, height) = (rule.width.saturating_mul(2), rule.height.saturating_mul(2));
    if image.width() > width.saturating_mul(2) || image.height() > height.saturating_mul(2) {
        return image.thumbnail(width, height).resize(rule.width, rule.height, FilterType::CatmullRom);
    }
    image.resize(rule.width, rule.height, FilterType::CatmullRom)
}

fn write(image: &DynamicImage, format: ImageFormat, path: &Path, name: &str) -> Result<u64, Error> {
    let disk = |source| Error::Disk { what: "write", path: path.to_path_buf(), source };
    let mut file = BufWriter::new(fs::File::create(path).map_err(disk)?);
    let encoded = if format == ImageFormat::Jpeg {
        DynamicImage::ImageRgb8(image.to_rgb8())
            .write_with_encoder(JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY))
    } else {
        DynamicImage::ImageRgba8(image.to_rgba8()).write_to(&mut file, format)
    };
    encoded.map_err(|error| broken(name, &error))?;
    file.flush().map_err(disk)?;
    let file = file.into_inner().map_err(|error| disk(error.into_error()))?;
    file.sync_all().map_err(disk)?;
    Ok(file.metadata().map_err(disk)?.len())
}

fn broken(name: &str, problem: &dyn std::fmt::Display) -> Error {
    Error::ImageBroken { name: name.to_owned(), problem: problem.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ImageLimits = ImageLimits { pixels_max: 4_000_000 };

    fn place(name: &str) -> PathBuf {
        std::env::temp_dir().join(["dragoman-formats-", &std::process::id().to_string(), "-", name].concat())
    }

    fn check(format: ImageFormat, (width, height): (u32, u32)) -> Vec<(String, u32, u32)> {
        let name = format!("{format:?}-{width}x{height}");
        let path = place(&name);
        let picture =
            image::RgbaImage::from_fn(width, height, |x, y| image::Rgba([(x % 255) as u8, (y % 255) as u8, 9, 255]));
        let picture = DynamicImage::ImageRgba8(picture);
        let written = if format == ImageFormat::Jpeg { DynamicImage::ImageRgb8(picture.to_rgb8()) } else { picture };
        written.save_with_format(&path, format).unwrap();
        let at = |rule: &FormatRule| place(&[&name, "-", rule.name].concat());
        let made = make(&path, &name, LIMITS, &at).unwrap();
        let shown = made.iter().map(|made| {
            let kind = ImageReader::open(&made.path).unwrap().with_guessed_format().unwrap().format();
            assert_eq!(kind, Some(format));
            assert_eq!(fs::metadata(&made.path).unwrap().len(), made.bytes);
            (made.rule.name.to_owned(), made.dimensions.width, made.dimensions.height)
        });
        let shown = shown.collect();
        made.iter().map(|made| &made.path).chain([&path]).for_each(|path| fs::remove_file(path).unwrap());
        shown
    }

    #[test]
    fn formats_are_those_that_are_smaller() {
        let names = |list: &[(&str, u32, u32)]| {
            list.iter().map(|(name, x, y)| ((*name).to_owned(), *x, *y)).collect::<Vec<_>>()
        };
        assert_eq!(check(ImageFormat::Png, (200, 100)), names(&[]));
        assert_eq!(check(ImageFormat::Png, (246, 100)), names(&[("thumbnail", 245, 100)]));
        assert_eq!(check(ImageFormat::Jpeg, (600, 300)), names(&[("thumbnail", 245, 123), ("small", 500, 250)]));
        assert_eq!(
            check(ImageFormat::WebP, (1200, 600)),
            names(&[("thumbnail", 245, 123), ("large", 1000, 500), ("medium", 750, 375), ("small", 500, 250)])
        );
        assert_eq!(check(ImageFormat::Gif, (100, 312)), names(&[("thumbnail", 50, 156)]));
    }

    #[test]
    fn bombs_and_broken_images_are_refused_before_they_are_decoded() {
        let path = place("flood.png");
        let mut png = Vec::from(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0");
        png.extend_from_slice(&crc(&png[12..]).to_be_bytes());
        png.extend_from_slice(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
        fs::write(&path, &png).unwrap();
        let told = dimensions(&path, "flood.png", LIMITS).unwrap_err().to_string();
        assert_eq!(told, "the image flood.png has 65535 x 65535 pixels, more than 4000000 (upload_image_pixels_max)");
        fs::write(&path, &png[..20]).unwrap();
        assert!(matches!(dimensions(&path, "flood.png", LIMITS), Err(Error::ImageBroken { .. })));
        fs::remove_file(&path).unwrap();
    }

    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
        })
    }
}
