//! Whether the bytes of a file look like ciphertext: a search for known words does not see what is only compressed.
//!
//! A file is accused if it
//! - begins like an archive, a compressed stream, a dump or a document. The signs are 4 bytes and longer: all of them
//!   together accuse a random file with a probability below 3e-9;
//! - is too short to be told from plain text (an authenticated cipher alone adds about 30 bytes), or is mostly text:
//!   below 4e-16 for random bytes, from the binomial distribution of the 99 text bytes;
//! - has, from 4 KiB on, bytes that are not as evenly spread as random ones, in a block of 4 KiB or in the whole file.
//!
//! The spread is G = 2 Σ n ln(256 n / N) over the 256 byte values = 2 ln2 N (8 - H), with H the entropy in bits per byte.
//! Of random bytes it follows chi-square with 255 degrees of freedom (mean 255, deviation 23; of 123 000 random blocks the
//! largest had 377) and exceeds 512 with a probability of 2e-19 per block. In a block of 4 KiB, 512 means H = 7.91; text
//! has less than 6. The larger the file, the closer to 8 its entropy must be, which also tells most compressed data
//! without a sign. What is not told: small binary data, and streams without a sign that are coded as well as xz.

use std::f64::consts::LN_2;

/// The spread of random bytes stays below this.
const SPREAD: f64 = 512.0;
const BLOCK: usize = 4096;
/// A shorter file cannot be told from plain text.
const SHORTEST: u64 = 64;
/// Bytes at the beginning in which signs stand: the one of tar is far behind.
const HEAD: usize = 512;

/// How often each byte value occurs.
type Counts = [u64; 256];

/// Looks at one file as it passes.
#[derive(Debug)]
pub(super) struct Look {
    head: Vec<u8>,
    size: u64,
    whole: Counts,
    block: Counts,
    in_block: usize,
    /// The first block that is too uneven: where, and its entropy.
    uneven: Option<(u64, f64)>,
}

impl Look {
    pub const fn new() -> Self {
        Self { head: Vec::new(), size: 0, whole: [0; 256], block: [0; 256], in_block: 0, uneven: None }
    }

    /// The next bytes of the file.
    pub fn take(&mut self, mut bytes: &[u8]) {
        let missing = (HEAD - self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.in_block));
            for byte in now {
                self.block[usize::from(*byte)] += 1;
            }
            self.in_block += now.len();
            if self.in_block == BLOCK {
                self.end_block();
            }
            bytes = later;
        }
    }

    fn end_block(&mut self) {
        if self.in_block == BLOCK && self.uneven.is_none() {
            let (spread, bits) = spread(&self.block);
            self.uneven = (spread > SPREAD).then_some((self.size, bits));
        }
        for (all, more) in self.whole.iter_mut().zip(&self.block) {
            *all += more;
        }
        self.size += self.in_block as u64;
        (self.block, self.in_block) = ([0; 256], 0);
    }

    /// What gives the file away; `None` if it looks like ciphertext, or is empty.
    pub fn gives_away(mut self) -> Option<String> {
        self.end_block();
        if let Some(format) = format_of(&self.head) {
            return Some(format!("looks like {format}"));
        }
        if (1..SHORTEST).contains(&self.size) {
            return Some(format!("{} bytes, too short to be told from plain text", self.size));
        }
        let text: u64 = (0..=u8::MAX).filter(|byte| is_text(*byte)).map(|byte| self.whole[usize::from(byte)]).sum();
        if text * 8 > self.size * 7 {
            return Some("looks like text".to_owned());
        }
        if let Some((at, bits)) = self.uneven {
            return Some(format!("entropy of {bits:.2} bits per byte at offset {at}"));
        }
        let (spread, bits) = spread(&self.whole);
        (self.size >= BLOCK as u64 && spread > SPREAD).then(|| format!("entropy of {bits:.4} bits per byte"))
    }
}

/// Zeros are the other half of text in 16 bits per character.
const fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0)
}

/// The unevenness G, and the entropy in bits per byte.
fn spread(counts: &Counts) -> (f64, f64) {
    let total = real(counts.iter().sum());
    let terms = counts.iter().filter(|count| **count > 0).map(|count| {
        let count = real(*count);
        count * (count * 256.0 / total).ln()
    });
    let excess: f64 = terms.sum();
    (2.0 * excess, 8.0 - excess / (total * LN_2))
}

#[expect(clippy::cast_precision_loss, reason = "a file of 2^53 bytes is not looked at")]
const fn real(count: u64) -> f64 {
    count as f64
}

/// Signs of formats, by where they stand.
const SIGNS: [(usize, &[u8], &str); 25] = [
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\xfd7zXZ\0", "xz"),
    (0, b"LZIP", "lzip"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"\x02\x21\x4c\x18", "lz4"),
    (0, b"\x89LZO\0", "lzop"),
    (0, b"\xff\x06\0\0sNaPpY", "snappy"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"PK\x07\x08", "zip"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (257, b"ustar", "tar"),
    (0, b"070701", "cpio"),
    (0, b"070702", "cpio"),
    (0, b"!<arch>\n", "ar"),
    (0, b"hsqs", "squashfs"),
    (0, b"SQLite format 3\0", "sqlite"),
    (0, b"PGDMP", "a PostgreSQL dump"),
    (0, b"XBSTCK01", "a MariaDB backup"),
    (0, b"%PDF-", "PDF"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (6, b"JFIF\0", "JPEG"),
    (6, b"Exif\0", "JPEG"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
];

/// The known format of a file that begins so.
fn format_of(head: &[u8]) -> Option<&'static str> {
    let begins = |(at, sign, _): &&(usize, &[u8], &str)| head.get(*at..).is_some_and(|rest| rest.starts_with(sign));
    if let Some((_, _, name)) = SIGNS.iter().find(begins) {
        return Some(*name);
    }
    match head {
        // Two or three bytes alone may be chance; the fields after them have few values.
        [0x1f, 0x8b, 8, 0..=0x1f, _, _, _, _, _, 0..=13 | 255, ..] => Some("gzip"),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, 0x41 | 0x72, ..] => Some("bzip2"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use sha2::{Digest as _, Sha256};
    use std::fmt::Write as _;
    use std::io::Write as _;

    fn seen(bytes: &[u8]) -> Option<String> {
        let mut look = Look::new();
        // In pieces, as from a stream.
        bytes.chunks(1000).for_each(|piece| look.take(piece));
        look.gives_away()
    }

    /// As good as a cipher's stream.
    fn random(seed: u64, size: usize) -> Vec<u8> {
        let blocks = (0_u64..).map(|at| Sha256::digest([seed.to_le_bytes(), at.to_le_bytes()].concat()));
        blocks.take(size.div_ceil(32)).flatten().take(size).collect()
    }

    /// Rows of a dump, each another one.
    fn dump(rows: u64) -> String {
        (0..rows).fold(String::new(), |mut text, row| {
            let hash = data_encoding::HEXLOWER.encode(&random(row, 6));
            writeln!(text, "INSERT INTO pages VALUES ({row}, 'Page {hash}', 'kanarie-acme {}');", row * row).unwrap();
            text
        })
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn random_bytes_are_never_accused() {
        for seed in 0..1000 {
            let bytes = random(seed, 12_000);
            for size in [64, 65, 70, 100, 150, 255, 300, 1000, 4095, 4096, 4097, 8192, 12_000] {
                assert_eq!(seen(&bytes[..size]), None, "seed {seed}, {size} bytes");
            }
        }
        for seed in 0..8 {
            assert_eq!(seen(&random(seed, 1 << 20)), None, "seed {seed}");
        }
        assert_eq!(seen(b""), None, "nothing can be read in an empty file");
    }

    #[test]
    fn compressed_text_is_told_by_its_sign() {
        for rows in [2, 10, 1000] {
            assert_eq!(seen(&gzip(&dump(rows))).as_deref(), Some("looks like gzip"), "{rows} rows");
        }
        for (at, sign, name) in SIGNS {
            let mut file = random(7, 5000);
            file[at..at + sign.len()].copy_from_slice(sign);
            assert_eq!(seen(&file), Some(format!("looks like {name}")));
        }
        let mut file = random(7, 5000);
        file[..6].copy_from_slice(b"BZh91A");
        assert_eq!(seen(&file).as_deref(), Some("looks like bzip2"));
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        archive.append_data(&mut header, "data", &b"abc"[..]).unwrap();
        assert_eq!(seen(&archive.into_inner().unwrap()).as_deref(), Some("looks like tar"));
    }

    #[test]
    fn compressed_text_without_a_sign_is_told_by_its_entropy() {
        let text = dump(40_000);
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(text.as_bytes()).unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(text.as_bytes()).unwrap();
        for packed in [deflate.finish().unwrap(), zlib.finish().unwrap()] {
            let told = seen(&packed).expect("something");
            assert!(told.starts_with("entropy of 7.") || told.starts_with("entropy of 8."), "{told}");
        }
    }

    #[test]
    fn plain_text_is_told_at_any_size_and_place() {
        for rows in [1, 10, 100, 10_000] {
            assert_eq!(seen(dump(rows).as_bytes()).as_deref(), Some("looks like text"), "{rows} rows");
        }
        let wide: Vec<u8> = dump(3).encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(seen(&wide).as_deref(), Some("looks like text"));
        assert_eq!(seen(b"s3cret").as_deref(), Some("6 bytes, too short to be told from plain text"));
        // A block of text in the middle of a large file.
        let mut file = random(7, 1 << 20);
        file[500_000..508_192].copy_from_slice(&dump(200).as_bytes()[..8192]);
        let told = seen(&file).expect("something");
        assert!(told.ends_with("at offset 499712") || told.ends_with("at offset 503808"), "{told}");
    }
}
