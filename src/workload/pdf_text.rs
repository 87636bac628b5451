//! The text of a rendered page, so that tokens and canaries can be found in it.
//!
//! Made for the PDFs of WeasyPrint: fonts are subsets whose character codes mean nothing without their `ToUnicode` maps.

use lopdf::Document;

/// Why a PDF has no text to search in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    #[error("not a PDF: {0}")]
    Broken(String),
    #[error("the PDF has no pages")]
    Empty,
    #[error("the text of page {0} cannot be read: {1}")]
    Page(u32, String),
}

/// The text of all pages, in order. Runs of white space are one space: where a line ends is the renderer's choice. A word
/// comes out unbroken unless it is longer than a line or changes its style in the middle.
///
/// # Errors
/// [`PdfError`] when any page cannot be read: half a text would make a mark that is there seem absent.
pub fn pdf_text(bytes: &[u8]) -> Result<String, PdfError> {
    // The parser repairs what it can: half a file would pass for a whole one.
    if !bytes[bytes.len().saturating_sub(1024)..].windows(5).any(|window| window == b"%%EOF") {
        return Err(PdfError::Broken("it has no end".to_owned()));
    }
    let document = Document::load_mem(bytes).map_err(|error| PdfError::Broken(error.to_string()))?;
    let pages = document.get_pages();
    if pages.is_empty() {
        return Err(PdfError::Empty);
    }
    let mut words = String::new();
    for number in pages.into_keys() {
        let text = document.extract_text(&[number]).map_err(|error| PdfError::Page(number, error.to_string()))?;
        for word in text.split_whitespace() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rendered by WeasyPrint 57 as the stack's PDF service does it.
    const RENDERED: &[u8] = include_bytes!("../../fixtures/pdf/weasyprint.pdf");

    #[test]
    fn tokens_come_out_unbroken() {
        let text = pdf_text(RENDERED).expect("a text");
        for token in [
            "EFABCDEFGH234567ABCDEFGHIJKL",
            "EFAVATOWAY7WATAVOLTYPAVAWATO",
            "EFPREPREPREPREPREPREPREPREPR",
            "EFTABLEQRSTUVWXYZ234567ABCDE",
            "EFWRAPWRAPWRAPWRAPWRAPWRAPWR",
            "zanzibarwaltz",
            "Rückfall & Übung",
        ] {
            assert!(text.contains(token), "{token} is missing in {text}");
        }
    }

    #[test]
    fn what_is_no_pdf_has_no_text() {
        assert!(matches!(pdf_text(b"<html>an error</html>"), Err(PdfError::Broken(_))));
        assert!(matches!(pdf_text(b"<html>an error</html>%%EOF"), Err(PdfError::Broken(_))));
        assert!(pdf_text(&RENDERED[..RENDERED.len() / 2]).is_err());
    }
}
