//! What tenants write: awkward, by seed, and such that any application keeps it byte for byte.
//!
//! So: composed characters (NFC), no blanks or line ends at either end, no control characters but tab and line feed, and none of
//! a wiki's own transformations on saving (signatures, pipe tricks, templates). Titles and file names need no normalisation.

use super::dice::Dice;
use bytes::Bytes;
use data_encoding::BASE64;

const TITLES: [&str; 10] = [
    "Übersicht der Größen",
    "Wissen/Straße/Maß",
    "Was kostet das?",
    "Müller & Söhne (GmbH)",
    "日本語のページ",
    "שלום עולם",
    "C++ und 100 % Ökostrom",
    "O'Neill \"Ännchen\"",
    "Rakete 🚀 starten",
    "Élan vital; déjà-vu, x̂",
];

const PASSAGES: [&str; 15] = [
    "Straße, Größe, Übermaß: die Brücke über die Ötztaler Ache.",
    "Vier Byte je Zeichen: 🚀 🧯 𝄞 𠜎 𝒜, und verbunden: 👩‍🚒.",
    "Von rechts nach links: שלום עולם und السلام عليكم, dann wieder links.",
    "a < b && c > d; \"Gänsefüßchen\", 'Apostroph', C:\\Pfad\\x, %s %d %41 ${TENANT} $(id) &amp; &#228;",
    "x̂ hat keine zusammengesetzte Form; ﬁ ist eine Ligatur; ½ ist die Hälfte.",
    "Robert'; DROP TABLE page; --",
    "* Liste\n** tiefer\n# Nummer\n: eingerückt",
    "日本語、中文、한국어、ไทย, Ελληνικά, кириллица",
    "== Überschrift ==\n'''fett''' und ''kursiv'' und [[Übersicht der Größen]]",
    "Spalte\tSpalte\tSpalte, und zwei  Leerzeichen   oder drei.",
    "{| class=\"wikitable\"\n! Kopf\n|-\n| Zelle || Zelle\n|}",
    "<nowiki>kein Markup</nowiki> <b>fett</b> <!-- Bemerkung -->",
    "https://example.org/?q=%C3%A4&x=1#ende",
    "Leerzeichen am Zeilenende   \nund ein Tabulator\t\nund ein geschütztes\u{a0}",
    " ein Block mit Leerzeichen davor\n\n\n\nund vier Zeilen Abstand",
];

const SYLLABLES: [&str; 12] = ["ba", "ne", "mü", "ro", "ti", "ßa", "lö", "ke", "su", "pi", "gä", "do"];

/// Title of the n-th page of a corpus; the same for every tenant, so that a mix-up shows in the body alone.
pub(super) fn title(number: u32) -> String {
    let index = usize::try_from(number).unwrap_or(0) % TITLES.len();
    format!("{} {}", TITLES[index], number + 1)
}

/// A page's text with its token.
pub(super) fn page(dice: &mut Dice, token: &str) -> String {
    let mut parts = vec![first_line(token)];
    for _ in 0..2 + dice.below(5) {
        parts.extend(dice.pick(&PASSAGES).map(|passage| (*passage).to_owned()));
        parts.push(sentence(dice));
    }
    parts.push("Ende.".to_owned());
    parts.join("\n\n")
}

/// A page's text with its token and one word of its own: short, so that a PDF shows all of it.
pub(super) fn page_with(word: &str, token: &str) -> String {
    format!("{}\n\n{word}\n\nEnde.", first_line(token))
}

/// A text file of at least `size` bytes: its token, then lines of base64.
pub(super) fn text_file(dice: &mut Dice, token: &str, size: usize) -> Bytes {
    let mut text = first_line(token);
    text.push('\n');
    while text.len() < size {
        text.push_str(&BASE64.encode(&dice.bytes(57)));
        text.push('\n');
    }
    text.into()
}

/// A binary file of `size` bytes after its line with the token. No `<`: applications refuse what looks like HTML.
pub(super) fn binary_file(dice: &mut Dice, token: &str, size: usize) -> Bytes {
    let mut content = first_line(token).into_bytes();
    content.push(b'\n');
    content.extend(dice.bytes(size).into_iter().map(|byte| if byte == b'<' { 0 } else { byte }));
    content.into()
}

/// Everything that a drill writes says that it is one.
fn first_line(token: &str) -> String {
    format!("DRILL ÜBUNG {token}")
}

fn sentence(dice: &mut Dice) -> String {
    let mut words = Vec::new();
    for _ in 0..8 + dice.below(40) {
        let mut word = String::new();
        for _ in 0..=1 + dice.below(3) {
            word.push_str(dice.pick(&SYLLABLES).copied().unwrap_or_default());
        }
        words.push(word);
    }
    words.join(" ") + "."
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Token;
    use crate::workload::fake::Scratch;

    const TOKEN: &str = "EFABCDEFGHIJKLMNOPQRSTUVWXYZ";

    #[test]
    fn pages_are_kept_byte_for_byte_by_a_wiki() {
        for seed in 0..200 {
            let text = page(&mut Dice::new(seed, &[]), TOKEN);
            assert_eq!(text.trim(), text);
            assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
            for transformed in ["~~~", "{{", "|]]", "[[|", "\r", "__", "\u{fffd}", "#REDIRECT"] {
                assert!(!text.contains(transformed), "{transformed} in {text}");
            }
        }
    }

    #[test]
    fn titles_are_normal() {
        let titles: Vec<_> = (0..20).map(title).collect();
        for title in &titles {
            assert_eq!(titles.iter().filter(|other| *other == title).count(), 1);
            let first = title.chars().next().expect("a letter");
            assert!(!first.is_lowercase() && title.trim() == title && !title.contains("  "), "{title}");
            assert!(!title.contains(['#', '<', '>', '[', ']', '|', '{', '}', '_', ':', '\u{200f}']), "{title}");
            let hex = |part: &str| part.len() >= 2 && part.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
            assert!(!title.split('%').skip(1).any(hex), "{title}");
        }
    }

    #[test]
    fn every_body_carries_its_token_and_no_other_mark() {
        let marks = Scratch::new().marks();
        let mut dice = Dice::new(7, &[]);
        let bodies = [
            page(&mut dice, TOKEN).into(),
            page_with("wort", TOKEN).into(),
            text_file(&mut dice, TOKEN, 100_000),
            binary_file(&mut dice, TOKEN, 100_000),
            text_file(&mut dice, TOKEN, 0),
        ];
        for body in bodies {
            let found = crate::ledger::scan(&body, &marks);
            assert!(found.tokens.iter().map(Token::as_str).eq([TOKEN]) && found.canaries.is_empty(), "{found:?}");
        }
        assert!(!binary_file(&mut dice, TOKEN, 100_000).contains(&b'<'));
        assert!(text_file(&mut dice, TOKEN, 1000).len() >= 1000);
    }
}
