//! What a finding says, and why a drill proves nothing. One sentence per code; the parameters follow it.
//!
//! The matches are exhaustive and have no catch-all arm: a new code fails to compile until it has its texts.

use super::names;
use crate::report::lang::Lang;
use crate::verdict::{Finding, FindingCode, Reason, ReasonCode};

/// The sentence of a code, without its parameters and without a full stop.
#[must_use]
#[expect(
    clippy::too_many_lines,
    reason = "one arm for every code, so that a new one does not compile without its texts"
)]
pub const fn finding(code: FindingCode, lang: Lang) -> &'static str {
    let (en, de) = match code {
        FindingCode::Lost => (
            "A write that was acknowledged before the recovery point is missing",
            "Ein vor dem Wiederherstellungspunkt bestätigter Schreibvorgang fehlt",
        ),
        FindingCode::AbortedVisible => (
            "A write that the application had refused is there nevertheless",
            "Ein von der Anwendung abgelehnter Schreibvorgang ist dennoch vorhanden",
        ),
        FindingCode::Phantom => (
            "Content that this drill never wrote carries a valid mark of this drill",
            "Inhalt, den dieser Test nie geschrieben hat, trägt eine gültige Marke dieses Tests",
        ),
        FindingCode::Alien => ("Content of unknown origin appeared", "Inhalt unbekannter Herkunft ist aufgetaucht"),
        FindingCode::Duplicated => ("One write is there twice", "Ein Schreibvorgang ist doppelt vorhanden"),
        FindingCode::Leaked => (
            "Data of one tenant can be seen at another tenant",
            "Daten eines Mandanten sind bei einem anderen Mandanten sichtbar",
        ),
        FindingCode::Corrupt => {
            ("The content is not what was written", "Der Inhalt ist nicht der, der geschrieben wurde")
        }
        FindingCode::StaleHead => {
            ("An outdated version is shown as the current one", "Eine veraltete Fassung wird als die aktuelle gezeigt")
        }
        FindingCode::Hole => (
            "A write is missing although newer ones of the same store are there: the backup is inconsistent in itself",
            "Ein Schreibvorgang fehlt, obwohl neuere desselben Speichers da sind: die Sicherung ist in sich nicht stimmig",
        ),
        FindingCode::Skew => (
            "Database and files of a tenant stand at different points in time",
            "Datenbank und Dateien eines Mandanten stehen auf verschiedenen Zeitpunkten",
        ),
        FindingCode::Resurrected => (
            "Something that was deleted or revoked before the recovery point is back",
            "Vor dem Wiederherstellungspunkt Gelöschtes oder Entzogenes ist wieder da",
        ),
        FindingCode::TooNew => (
            "Content is newer than the backup that was said to be restored",
            "Inhalt ist neuer als die Sicherung, die angeblich eingespielt wurde",
        ),
        FindingCode::TooOld => (
            "An older state was restored than the backup plan promises",
            "Es wurde ein älterer Stand eingespielt, als der Sicherungsplan zusagt",
        ),
        FindingCode::ClaimWrong => (
            "What the restore tool says it restored cannot be right",
            "Die Angabe des Werkzeugs, was es eingespielt hat, kann nicht stimmen",
        ),
        FindingCode::PermissionMissing => {
            ("Somebody may not do what they must be allowed to do", "Jemand darf nicht, was erlaubt sein muss")
        }
        FindingCode::PermissionWidened => {
            ("Somebody may do what must be forbidden", "Jemand darf, was verboten sein muss")
        }
        FindingCode::RightLost => {
            ("A group membership or a protection is gone", "Eine Gruppenzugehörigkeit oder ein Schutz ist verloren")
        }
        FindingCode::NotFoundBySearch => {
            ("The search does not find what is there", "Die Suche findet nicht, was da ist")
        }
        FindingCode::SearchTooMuch => ("The search finds what is not there", "Die Suche findet, was nicht da ist"),
        FindingCode::PdfWrong => ("A page comes out wrong as PDF", "Eine Seite wird als PDF falsch ausgegeben"),
        FindingCode::RetentionMissing => ("A promised backup is missing", "Eine zugesagte Sicherung fehlt"),
        FindingCode::RetentionSuperfluous => {
            ("A backup is kept longer than promised", "Eine Sicherung wird länger aufbewahrt als zugesagt")
        }
        FindingCode::RetentionUnreadable => (
            "The backups in the vault cannot be read completely",
            "Die Sicherungen im Tresor sind nicht vollständig lesbar",
        ),
        FindingCode::MirrorMissing => {
            ("A promised backup is missing in the mirror", "Eine zugesagte Sicherung fehlt im Spiegel")
        }
        FindingCode::MirrorDiffers => {
            ("A backup in the mirror differs from its original", "Eine Sicherung im Spiegel weicht vom Original ab")
        }
        FindingCode::MirrorSuperfluous => (
            "The mirror holds a backup that does not belong there",
            "Der Spiegel enthält eine Sicherung, die dort nicht hingehört",
        ),
        FindingCode::MirrorUnreadable => (
            "The backups in the mirror cannot be read completely",
            "Die Sicherungen im Spiegel sind nicht vollständig lesbar",
        ),
        FindingCode::PlainTextInVault => {
            ("A backup vault holds what is not encrypted", "Ein Sicherungstresor enthält Unverschlüsseltes")
        }
        FindingCode::KeyInVault => ("A backup vault holds a key", "Ein Sicherungstresor enthält einen Schlüssel"),
        FindingCode::ForeignKeyOpens => (
            "The key of one tenant opens the backups of another",
            "Der Schlüssel eines Mandanten öffnet die Sicherungen eines anderen",
        ),
        FindingCode::ResidencyViolated => (
            "Data lies in a country or at a provider that is not allowed",
            "Daten liegen in einem Land oder bei einem Anbieter, die nicht zulässig sind",
        ),
        FindingCode::RestartChanged => (
            "After a restart, the recovered system shows other content",
            "Nach einem Neustart zeigt das wiederhergestellte System anderen Inhalt",
        ),
        FindingCode::SoakChanged => (
            "Some time after the restart, the recovered system shows other content",
            "Einige Zeit nach dem Neustart zeigt das wiederhergestellte System anderen Inhalt",
        ),
        FindingCode::NotProtectedAgain => (
            "After the recovery the system is not protected again: a new backup or its copy is missing",
            "Nach der Wiederherstellung ist das System nicht wieder geschützt: eine neue Sicherung oder ihre Kopie fehlt",
        ),
        FindingCode::SideRestoreDiffers => (
            "What was restored on the side from a new backup is not what users see",
            "Was aus einer neuen Sicherung daneben eingespielt wurde, ist nicht das, was Nutzer sehen",
        ),
        FindingCode::FingerprintDiffers => (
            "Out of band, a tenant's database or files are not what they were",
            "Datenbank oder Dateien eines Mandanten sind, unmittelbar betrachtet, nicht mehr, was sie waren",
        ),
        FindingCode::RtoMissed => (
            "The recovery took longer than the objective allows",
            "Die Wiederherstellung dauerte länger als vorgegeben",
        ),
        FindingCode::MachineMissed => (
            "The machine's share of the recovery took longer than allowed",
            "Der Anteil der Maschine an der Wiederherstellung dauerte länger als erlaubt",
        ),
        FindingCode::RpoMissed => {
            ("More data was lost than the objective allows", "Es ging mehr verloren, als die Vorgabe erlaubt")
        }
        FindingCode::NotRecovered => ("A tenant did not come back", "Ein Mandant wurde nicht wiederhergestellt"),
        FindingCode::Unstable => {
            ("A tenant came back, but did not stay", "Ein Mandant kam zurück, blieb aber nicht verfügbar")
        }
        FindingCode::OutageOfBystander => (
            "A tenant that the fault does not concern had an outage",
            "Ein von der Störung nicht betroffener Mandant fiel aus",
        ),
        FindingCode::RecoveryStepFailed => {
            ("A step of the recovery failed", "Ein Schritt der Wiederherstellung schlug fehl")
        }
        FindingCode::FaultResidue => (
            "Something that the fault must have destroyed still existed or was used",
            "Etwas, das die Störung vernichtet haben muss, war noch vorhanden oder wurde benutzt",
        ),
        FindingCode::Leftovers => ("Something of the drill was left behind", "Vom Test ist etwas zurückgeblieben"),
    };
    lang.pick(en, de)
}

/// The sentence of a reason, without its parameters and without a full stop.
#[must_use]
pub const fn reason(code: ReasonCode, lang: Lang) -> &'static str {
    let (en, de) = match code {
        ReasonCode::Aborted => ("The drill was aborted", "Der Test wurde abgebrochen"),
        ReasonCode::CutShort => ("The drill was ended in its verification", "Der Test wurde in der Prüfung beendet"),
        ReasonCode::JournalTorn => {
            ("The last line of the journal is cut off", "Die letzte Zeile des Protokolls ist abgeschnitten")
        }
        ReasonCode::HarnessBroken => ("The test harness itself failed", "Die Prüfeinrichtung selbst versagte"),
        ReasonCode::StepMissing => {
            ("A planned step was not carried out", "Ein geplanter Schritt wurde nicht ausgeführt")
        }
        ReasonCode::GateNotReady => {
            ("The system was not in order before the fault", "Das System war vor der Störung nicht in Ordnung")
        }
        ReasonCode::SteadyNotClean => {
            ("Not everything was right before the fault", "Vor der Störung stimmte nicht alles")
        }
        ReasonCode::FaultUnconfirmed => {
            ("It was not confirmed that the fault took effect", "Dass die Störung wirkte, wurde nicht bestätigt")
        }
        ReasonCode::FaultUnnoticed => {
            ("Users would not have noticed the fault", "Nutzer hätten von der Störung nichts bemerkt")
        }
        ReasonCode::UndoFailed => ("The fault could not be undone", "Die Störung ließ sich nicht rückgängig machen"),
        ReasonCode::TeardownUnproven => (
            "It is not known whether the teardown left anything behind",
            "Es ist nicht bekannt, ob beim Abbau etwas zurückblieb",
        ),
        ReasonCode::WorkloadStalled => (
            "Nothing was written shortly before the fault: the loss is unknown",
            "Kurz vor der Störung wurde nichts geschrieben: der Verlust ist unbekannt",
        ),
        ReasonCode::ProberSilent => ("The front door was not watched", "Der öffentliche Zugang wurde nicht beobachtet"),
        ReasonCode::ProberLate => {
            ("Measurements came too late where they decide", "Messungen kamen dort zu spät, wo sie entscheiden")
        }
        ReasonCode::ProberGap => {
            ("Measurements are missing where they decide", "Messungen fehlen dort, wo sie entscheiden")
        }
        ReasonCode::ReadbackMissing => ("Data was not read back", "Daten wurden nicht zurückgelesen"),
        ReasonCode::ReadbackIncomplete => {
            ("Data was read back incompletely", "Daten wurden unvollständig zurückgelesen")
        }
        ReasonCode::SurfaceFailed => (
            "A part of a tenant's data could not be listed",
            "Ein Teil der Daten eines Mandanten ließ sich nicht auflisten",
        ),
        ReasonCode::RpoUnknown => (
            "Too little was read back to tell how much was lost",
            "Es wurde zu wenig zurückgelesen, um den Verlust zu bestimmen",
        ),
        ReasonCode::ZeroItems => ("A check found nothing to look at", "Eine Prüfung fand nichts zu prüfen"),
        ReasonCode::CheckIncomplete => ("A check lacks what it needs", "Einer Prüfung fehlt, was sie braucht"),
        ReasonCode::ClaimMissing => {
            ("The restore tool did not say what it restored", "Das Werkzeug sagte nicht, was es eingespielt hat")
        }
        ReasonCode::KeyUndisclosed => (
            "The key of the run was not disclosed: the marks cannot be verified",
            "Der Schlüssel des Laufs wurde nicht offengelegt: die Marken sind nicht prüfbar",
        ),
        ReasonCode::KeyMismatch => (
            "The disclosed key is not the one that the journal began with",
            "Der offengelegte Schlüssel ist nicht der, mit dem das Protokoll begann",
        ),
        ReasonCode::LedgerForged => (
            "A mark in the ledger was not made with the key of this run",
            "Eine Marke im Schreibprotokoll stammt nicht vom Schlüssel dieses Laufs",
        ),
    };
    lang.pick(en, de)
}

/// Where, and what was expected and seen: the parameters of a finding as label and value, in a fixed order; in one line, without
/// control characters.
#[must_use]
pub fn finding_facts(finding: &Finding, lang: Lang) -> Vec<(&'static str, String)> {
    facts(
        [
            finding.tenant.as_ref().map(ToString::to_string),
            finding.check.map(|check| names::check(check, lang).to_owned()),
            finding.item.clone(),
            finding.expected.clone(),
            finding.seen.clone(),
        ],
        lang,
    )
}

/// The parameters of a reason, as [`finding_facts`].
#[must_use]
pub fn reason_facts(reason: &Reason, lang: Lang) -> Vec<(&'static str, String)> {
    facts(
        [
            reason.tenant.as_ref().map(ToString::to_string),
            reason.check.map(|check| names::check(check, lang).to_owned()),
            reason.item.clone(),
            None,
            reason.seen.clone(),
        ],
        lang,
    )
}

fn facts(values: [Option<String>; 5], lang: Lang) -> Vec<(&'static str, String)> {
    let labels = [
        lang.pick("tenant", "Mandant"),
        lang.pick("check", "Prüfung"),
        lang.pick("item", "Objekt"),
        lang.pick("expected", "erwartet"),
        lang.pick("seen", "gesehen"),
    ];
    let nothing = || lang.pick("nothing", "nichts").to_owned();
    let told = |value: String| if value.trim().is_empty() { nothing() } else { one_line(&value) };
    labels.into_iter().zip(values).filter_map(|(label, value)| value.map(|value| (label, told(value)))).collect()
}

/// Label and value of all parameters, one after the other.
#[must_use]
pub fn joined(facts: &[(&str, String)]) -> String {
    facts.iter().map(|(label, value)| format!("{label} {value}")).collect::<Vec<_>>().join("; ")
}

/// Sentence and parameters in one line, for plain text.
#[must_use]
pub fn finding_line(item: &Finding, lang: Lang) -> String {
    line(finding(item.code, lang), &finding_facts(item, lang))
}

/// As [`finding_line`].
#[must_use]
pub fn reason_line(item: &Reason, lang: Lang) -> String {
    line(reason(item.code, lang), &reason_facts(item, lang))
}

fn line(sentence: &str, facts: &[(&str, String)]) -> String {
    if facts.is_empty() { sentence.to_owned() } else { format!("{sentence} ({})", joined(facts)) }
}

/// Tenant data and log lines may hold anything: control characters must not steer a terminal, break a table or turn the reading
/// direction of what follows.
#[must_use]
pub fn one_line(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Tenant;

    #[test]
    fn every_code_has_its_own_sentence_in_both_languages() {
        for lang in Lang::ALL {
            let mut sentences: Vec<_> = FindingCode::ALL.iter().map(|code| finding(*code, lang)).collect();
            sentences.extend(ReasonCode::ALL.iter().map(|code| reason(*code, lang)));
            assert!(sentences.iter().all(|text| text.len() > 10 && !text.ends_with('.')));
            let all = sentences.len();
            sentences.sort_unstable();
            sentences.dedup();
            assert_eq!(sentences.len(), all, "two codes share a sentence in {lang}");
        }
    }

    #[test]
    fn parameters_follow_the_sentence_in_one_harmless_line() {
        let item = Finding::new(FindingCode::Corrupt)
            .tenant(&Tenant::new("acme").expect("a name"))
            .item("Page\u{1b}[31m\nred")
            .seen("ab");
        assert_eq!(
            finding_line(&item, Lang::De),
            "Der Inhalt ist nicht der, der geschrieben wurde (Mandant acme; Objekt Page [31m red; gesehen ab)"
        );
    }
}
