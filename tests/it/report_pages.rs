//! `report.html` in a real browser: it needs no network, shows its drawings, and fits a telephone.

use crate::browser::Browser;
use ernstfall::report::{Lang, write_all};
use ernstfall::timeline::Timeline;
use ernstfall::{journal, verdict};
use std::path::{Path, PathBuf};

/// Makes the artefacts of a committed journal, as `ernstfall report` does, and says where the page is.
fn page(name: &str, dir: &Path, lang: Lang) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals").join(name);
    let journal = journal::read(&path).expect("a journal");
    let timeline = Timeline::from(&journal.entries, journal.torn.is_some()).expect("a possible journal");
    let judgement = verdict::judge(&timeline);
    write_all(&journal.entries, &timeline, &judgement, dir, lang).expect("artefacts").report_html
}

/// What a page says about itself once it is loaded.
const LOOK: &str = r"
    const box = id => { const b = document.getElementById(id).getBoundingClientRect(); return [b.width, b.height]; };
    const style = (element, what) => getComputedStyle(element)[what];
    const text = [...document.querySelectorAll('svg.chart text')];
    return {
        verdict: document.getElementById('verdict').innerText,
        title: document.title,
        lang: document.documentElement.lang,
        drill: box('drawing-drill'),
        recovery: box('drawing-recovery'),
        outages: document.querySelectorAll('#drawing-recovery .down').length,
        width: document.scrollingElement.scrollWidth,
        loaded: performance.getEntriesByType('resource').length,
        scripts: document.scripts.length,
        background: style(document.body, 'backgroundColor'),
        ink: style(document.body, 'color'),
        unlabelled: [...document.querySelectorAll('svg')]
            .filter(svg => svg.getAttribute('aria-hidden') !== 'true' && !svg.querySelector('title')).length,
        nameless: [...document.querySelectorAll('table')].filter(table => !table.caption).length,
        left: text.filter(t => t.getBoundingClientRect().left < t.ownerSVGElement.getBoundingClientRect().left - 1).length,
        tiny: text.filter(t => t.getBoundingClientRect().height < 8).length,
        ids: [...document.querySelectorAll('[id]')].map(e => e.id).filter((id, at, all) => all.indexOf(id) !== at),
        links: [...document.querySelectorAll('a[href]')].filter(a => !document.querySelector(a.getAttribute('href'))).length,
    };
";

/// Every page at every width, light and dark, in both languages.
#[tokio::test(flavor = "multi_thread")]
async fn pages_stand_alone_and_fit_every_screen() {
    let dir = assert_fs::TempDir::new().expect("a folder");
    let browser = Browser::start().await;
    let mut wrong = Vec::new();
    for (name, lang, verdict) in [
        ("passed.ndjson", Lang::En, "Passed"),
        ("passed.ndjson", Lang::De, "Bestanden"),
        ("failed.ndjson", Lang::En, "Failed"),
        ("failed.ndjson", Lang::De, "Nicht bestanden"),
    ] {
        let file = page(name, dir.path(), lang);
        for (width, dark) in [(1280, false), (1280, true), (390, false), (390, true)] {
            let look = browser.look(&file, width, dark, LOOK).await;
            let seen = &look.page;
            let drawn = |id: &str| seen[id][0].as_f64() > Some(300.0) && seen[id][1].as_f64() > Some(100.0);
            let bright = brightness(&seen["background"]) > brightness(&seen["ink"]);
            let holds = [
                ("the verdict is said in words", seen["verdict"].as_str().is_some_and(|text| text.contains(verdict))),
                ("the language is named", seen["lang"] == lang.code()),
                (
                    "the title begins with DRILL",
                    seen["title"].as_str().is_some_and(|t| t.starts_with(lang.pick("DRILL", "ÜBUNG"))),
                ),
                ("the whole drill is drawn", drawn("drill")),
                ("the recovery is drawn", drawn("recovery")),
                ("outages are drawn", seen["outages"].as_u64() >= Some(3)),
                ("nothing is wider than the screen", seen["width"].as_u64() <= Some(width.into())),
                ("nothing was loaded", seen["loaded"] == 0 && look.requests.is_empty()),
                ("there is no script", seen["scripts"] == 0),
                ("the console is silent", look.console.is_empty()),
                ("every drawing has a title", seen["unlabelled"] == 0),
                ("every table has a caption", seen["nameless"] == 0),
                ("no label leaves its drawing", seen["left"] == 0),
                ("every label can be read", seen["tiny"] == 0),
                ("ids are unique", seen["ids"].as_array().is_some_and(Vec::is_empty)),
                ("every link leads somewhere", seen["links"] == 0),
                ("light is light and dark is dark", bright != dark),
            ];
            for (what, _) in holds.iter().filter(|(_, holds)| !holds) {
                wrong.push(format!(
                    "{name} {lang} at {width}, dark {dark}: not so: {what}: {seen}; {:?}; {:?}",
                    look.requests, look.console
                ));
            }
        }
    }
    browser.end().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A page that fetches, logs an error and is too wide must be noticed, or the test above proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_page_is_noticed() {
    let dir = assert_fs::TempDir::new().expect("a folder");
    let file = dir.path().join("bad.html");
    let bad = r#"<!DOCTYPE html><meta name="viewport" content="width=device-width"><img src="http://tracker.example/x.png">
        <div style="width:2000px">wide</div><script>console.error("broken")</script>"#;
    std::fs::write(&file, bad).expect("a file");
    let browser = Browser::start().await;
    let look = browser.look(&file, 390, true, "return document.scrollingElement.scrollWidth").await;
    browser.end().await;
    assert!(look.page.as_u64() > Some(390), "{}", look.page);
    assert!(look.requests.iter().any(|url| url.contains("tracker.example")), "{:?}", look.requests);
    assert!(look.console.iter().any(|line| line.contains("broken")), "{:?}", look.console);
}

/// Sum of the three channels of `rgb(…)`.
fn brightness(colour: &serde_json::Value) -> u32 {
    let digits = |c: char| !c.is_ascii_digit();
    colour.as_str().unwrap_or_default().split(digits).filter_map(|part| part.parse::<u32>().ok()).take(3).sum()
}
