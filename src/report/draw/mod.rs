//! Drawings for `report.html`: inline SVG, written by hand, without a script. Each takes plain values, knows no journal and
//! no verdict, and says in a title and a description what it shows, for those who cannot see it.

mod bar;
mod folded;
mod scale;
mod window;

pub(super) use bar::{Segment, diamond, objective_bar, stacked_bar, swatch};
pub(super) use folded::{PhaseRow, phases};
pub(super) use window::{Block, Lane, Mark, Run, State, Window, window};

use maud::{Markup, html};

/// How wide a text will be, roughly, in pixels at the drawings' 12 px: enough to keep labels apart.
fn text_width(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii_uppercase() || c == 'm' || c == 'w' { 8.6 } else { 6.4 }).sum()
}

/// Cuts a text to what fits into `width` pixels.
fn fit(text: &str, width: f64) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    let mut cut: String = text.to_owned();
    while !cut.is_empty() && text_width(&cut) + 8.0 > width {
        cut.pop();
    }
    format!("{}…", cut.trim_end())
}

/// The pattern of what was declared and not measured; its id must be unique on the page.
fn hatch(id: &str) -> Markup {
    html! {
        defs {
            pattern id=(id) width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect class="track" width="6" height="6" {}
                rect class="fill-declared" width="3" height="6" {}
            }
        }
    }
}
