//! What is known of the prober's own errors: the last calibration in one sentence, or that there was none.

use crate::journal::Calibration;
use crate::report::lang::Lang;

/// Date, true values inside, bias, width, lateness and processor share.
pub fn calibration(calibration: Option<&Calibration>, lang: Lang) -> String {
    let Some(of) = calibration else {
        return lang
            .pick(
                "none: how far the measured times can be trusted on this host was not examined (ernstfall calibrate)",
                "keine: Wie genau dieser Rechner Zeiten misst, wurde nicht untersucht (ernstfall calibrate)",
            )
            .to_owned();
    };
    let when = format!("{}, {}, ernstfall {}", lang.rfc3339(&of.at), of.host, of.program);
    let held = match (of.passed, of.abridged) {
        (true, false) => lang.pick("all limits held", "alle Grenzen eingehalten"),
        (true, true) => lang.pick("all limits held, abridged", "alle Grenzen eingehalten, verkürzt"),
        (false, false) => lang.pick("LIMITS BROKEN", "GRENZEN VERLETZT"),
        (false, true) => lang.pick("LIMITS BROKEN, abridged", "GRENZEN VERLETZT, verkürzt"),
    };
    let (inside, values) = (lang.count(of.inside), lang.count(of.compared));
    let millis = |micros: u64| lang.millis(i64::try_from(micros).unwrap_or(i64::MAX));
    let (bias, width) = (lang.millis(of.bias_micros), millis(of.width_micros));
    let (late, latest) = (millis(of.lateness.p99_micros), millis(of.lateness.max_micros));
    let grid = millis(u64::try_from(of.probe.full.as_micros()).unwrap_or(u64::MAX));
    let share = of.cpu_permille.map(|share| lang.per_cent(share));
    match lang {
        Lang::En => {
            let share = share.map_or_else(String::new, |share| format!(", prober at {share} of one processor"));
            format!(
                "{when}: {held}. {inside} of {values} true values inside their intervals, bias {bias}, widest interval \
                 {width} (full slots every {grid}), slots late by {late} (99 %) and at most {latest}{share}"
            )
        }
        Lang::De => {
            let share = share.map_or_else(String::new, |share| format!(", Messung mit {share} eines Prozessors"));
            format!(
                "{when}: {held}. {inside} von {values} wahren Werten in ihren Intervallen, mittlerer Fehler {bias}, breitestes \
                 Intervall {width} (vollständige Proben alle {grid}), Proben verspätet um {late} (99 %), höchstens {latest}{share}"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::calibrated;

    #[test]
    fn a_calibration_is_told_in_both_languages() {
        let mut known = calibrated();
        assert_eq!(
            calibration(Some(&known), Lang::En),
            "2026-02-01 09:00 UTC, host, ernstfall 0.1.0: all limits held. 94 of 94 true values inside their intervals, \
             bias −1.8 ms, widest interval 1004.2 ms (full slots every 1000 ms), slots late by 1.2 ms (99 %) and at most \
             4.5 ms, prober at 6.3 % of one processor"
        );
        (known.passed, known.abridged, known.cpu_permille) = (false, true, None);
        let told = calibration(Some(&known), Lang::De);
        assert!(
            told.starts_with("01.02.2026 09:00 UTC, host, ernstfall 0.1.0: GRENZEN VERLETZT, verkürzt. 94 von 94 "),
            "{told}"
        );
        assert!(told.ends_with("verspätet um 1,2 ms (99 %), höchstens 4,5 ms"), "{told}");
    }

    #[test]
    fn no_calibration_is_said_to_be_none() {
        for (lang, none) in [(Lang::En, "none: "), (Lang::De, "keine: ")] {
            assert!(calibration(None, lang).starts_with(none));
        }
    }
}
