//! `report.html`: one file, without network and without a script; light, dark, on a telephone and on paper.

mod checks;
mod drawings;
mod facts;
mod findings;
mod tenants;
mod top;

use super::catalogue::{self, Label};
use super::view::View;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// Nothing may be loaded from anywhere, whatever a tenant's data tries.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page as text.
pub(super) fn page(view: &View) -> String {
    document(view).into_string()
}

fn document(view: &View) -> Markup {
    let (started, lang) = (&view.timeline.started, view.lang);
    let title = format!(
        "{} {} – {}",
        Label::Drill.text(lang),
        catalogue::verdict(view.judgement.verdict, lang),
        lang.text(&started.plan.title)
    );
    html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (top::header(view))
                main {
                    (findings::findings(view))
                    (tenants::tenants(view))
                    (drawings::timeline(view))
                    (tenants::parts(view))
                    (checks::checks(view))
                    (checks::backups(view))
                    (findings::not_tested(view))
                    (facts::allowances(&started.plan, lang))
                    (facts::ran_on(started, view.versions(), lang))
                    (facts::integrity(started, view.head(), lang))
                }
                footer {
                    p { (Label::Drill.text(lang)) " · " (started.program) " · " (Label::Run.text(lang)) " " (started.run) " · " (Label::JournalHead.text(lang)) " " code { (view.head()) } }
                }
            }
        }
    }
}
