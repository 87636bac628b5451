//! Files that would cost more than a moment end in an error within one.

use super::bed::Bed;
use crate::clock::{Clock as _, SystemClock};
use std::fmt::Write as _;
use std::time::Duration;

#[track_caller]
fn refused_at_once(text: &str, message: &str) {
    let bed = Bed::new();
    bed.write("scenarios/loss.yaml", text);
    let clock = SystemClock::start();
    let problems = bed.problems();
    let took = clock.mono().since(crate::clock::Mono::default());
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(problems.to_string().contains(message), "{problems}");
}

#[test]
fn an_alias_bomb() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        writeln!(text, "a{level}: &a{level} [{before}]").unwrap();
    }
    refused_at_once(&text, "more than 20000 values");
}

#[test]
fn aliases_that_nest_ever_deeper() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..60 {
        writeln!(text, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    refused_at_once(&text, "nested more than 40 levels deep");
}

#[test]
fn an_alias_of_itself() {
    refused_at_once("a: &a [*a]\n", "stands in what it means");
    refused_at_once("a: *b\n", "no anchor `&b`");
}

#[test]
fn deep_nesting() {
    refused_at_once(&"[".repeat(200_000), "this is not YAML");
    refused_at_once(&"{a: ".repeat(50_000), "this is not YAML");
    let mut text = String::new();
    for level in 0..500 {
        writeln!(text, "{}a:", " ".repeat(level)).unwrap();
    }
    refused_at_once(&text, "this is not YAML");
}

#[test]
fn a_very_large_file() {
    refused_at_once(&"a: b\n".repeat(300_000), "at most 1048576 are read");
    refused_at_once(&"- a\n".repeat(100_000), "more than 20000 values");
}
