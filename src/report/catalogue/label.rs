//! Headings, column titles and other short texts, as a table: English beside German.

use crate::report::lang::Lang;

/// One row per text: a row without its German half does not compile.
macro_rules! labels {
    ($($name:ident: $en:literal, $de:literal;)*) => {
        /// A short text of a report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Label { $($name),* }

        impl Label {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The text in that language.
            #[must_use]
            pub const fn text(self, lang: Lang) -> &'static str {
                match self { $(Self::$name => lang.pick($en, $de)),* }
            }
        }
    };
}

labels! {
    // --- the top of the page
    Drill: "DRILL", "ÜBUNG";
    Sabotaged: "Sabotaged on purpose, to see whether it is noticed", "Absichtlich sabotiert, als Gegenprobe";
    RecoveryTest: "Recovery drill", "Wiederherstellungstest";
    Verdict: "Verdict", "Ergebnis";
    Rto: "Recovery time (RTO), slowest tenant", "Wiederherstellungszeit (RTO), langsamster Mandant";
    Rpo: "Data loss (RPO), worst tenant", "Datenverlust (RPO), schlechtester Mandant";
    RtoShort: "RTO", "RTO";
    RpoShort: "RPO", "RPO";
    Machine: "machine", "Maschine";
    Declared: "declared", "angesetzt";
    Objective: "objective", "Vorgabe";
    Met: "objective met", "Vorgabe erfüllt";
    Missed: "objective missed", "Vorgabe verfehlt";
    Unknown: "unknown", "unbekannt";
    NotRecovered: "not recovered", "nicht wiederhergestellt";
    NotHit: "not hit", "nicht betroffen";
    Measured: "measured", "gemessen";
    Predicted: "predicted by the policy", "laut Sicherungsplan zu erwarten";
    WorstCase: "worst case of the schedule", "schlimmster Fall des Plans";
    TestedOn: "Tested on", "Prüfgegenstand";
    TheRun: "The run", "Der Lauf";
    Fault: "Fault", "Störung";
    Restored: "Restored from", "Wiederhergestellt aus";
    Risks: "Risks", "Risiken";
    Tenants: "Tenants", "Mandanten";
    TenantsCounted: "tenants", "Mandanten";
    Bytes: "Bytes backed up", "Gesicherte Bytes";
    Run: "Run", "Lauf";
    Parent: "Continues", "Setzt fort";
    Began: "Began", "Beginn";
    Took: "Took", "Dauer";
    Host: "Host", "Rechner";
    Trigger: "Trigger", "Auslöser";
    Commit: "Commit", "Commit";
    MachineGate: "Machine's share", "Anteil der Maschine";
    Seed: "Seed", "Startwert";

    // --- sections
    Findings: "Findings", "Feststellungen";
    NoFindings: "No findings.", "Keine Feststellungen.";
    Reasons: "What could not be judged", "Was nicht bewertet werden konnte";
    PerTenant: "Per tenant", "Je Mandant";
    Timeline: "Timeline", "Zeitlicher Ablauf";
    WholeDrill: "The whole drill", "Der gesamte Test";
    RecoveryWindow: "The recovery", "Die Wiederherstellung";
    Parts: "What the recovery time is made of", "Woraus die Wiederherstellungszeit besteht";
    Checks: "Checks", "Prüfungen";
    Slots: "Backups found", "Gefundene Sicherungen";
    NotTested: "What was not tested", "Was nicht geprüft wurde";
    RanOn: "What the drill ran on", "Worauf der Test lief";
    Allowances: "Declared times", "Angesetzte Zeiten";
    Calibration: "Calibration of the prober", "Kalibrierung der Messung";
    Integrity: "Integrity", "Nachprüfbarkeit";
    Glossary: "Words", "Begriffe";
    LastLines: "Last lines of what failed", "Letzte Zeilen dessen, was fehlschlug";
    Logs: "Last lines of every service, in the folder of the run", "Letzte Zeilen aller Dienste, im Ordner des Laufs";
    Files: "files", "Dateien";

    // --- tables
    Tenant: "Tenant", "Mandant";
    Result: "Result", "Ergebnis";
    RecoveryTime: "Recovery time", "Wiederherstellungszeit";
    // Soft hyphens: these stand above narrow columns.
    RecoveryTimeColumn: "Recovery time", "Wiederherstellungs\u{ad}zeit";
    MachineBounds: "Machine, from – to", "Maschine, von – bis";
    Outage: "Outage", "Ausfall";
    ByInjection: "by the injection", "durch das Auslösen";
    MachineColumn: "Machine", "Maschine";
    Loss: "Loss", "Verlust";
    LossLedger: "Loss: ledger", "Verlust: Schreib\u{ad}protokoll";
    LossRepository: "Loss: repository", "Verlust: Sicherungs\u{ad}bestand";
    LossPrediction: "Loss: prediction", "Verlust: Vorhersage";
    Lost: "lost", "verloren";
    LostMeanwhile: "lost until it was noticed", "bis zur Entdeckung verloren";
    InFlight: "on their way, unknown", "unterwegs, ungewiss";
    Items: "Items looked at", "Betrachtete Objekte";
    Check: "Check", "Prüfung";
    AllTenants: "whole drill", "gesamter Test";
    Part: "Part", "Abschnitt";
    Time: "Time", "Zeit";
    Share: "Share", "Anteil";
    Severity: "Severity", "Schwere";
    Code: "Code", "Kennung";
    Finding: "Finding", "Feststellung";
    For: "For", "Wofür";
    Component: "Component", "Bestandteil";
    Version: "Version", "Version";
    File: "Input", "Eingabe";
    Hash: "SHA-256", "SHA-256";
    Datacenter: "Datacenter", "Rechenzentrum";
    Country: "Country", "Land";
    Provider: "Provider, seat", "Anbieter, Sitz";
    Vault: "Vault", "Tresor";
    Present: "present", "vorhanden";
    Missing: "missing", "fehlt";
    Unlisted: "not listed", "nicht aufgelistet";
    Total: "Total", "Summe";
    Average: "Typical tenant", "Typischer Mandant";

    // --- drawings and notes
    Detection: "Detection", "Erkennung";
    Waiting: "Between the steps, and probing", "Zwischen den Schritten, und Messraster";
    Detected: "noticed", "erkannt";
    FaultAt: "fault", "Störung";
    FaultConfirmed: "effect confirmed", "Wirkung bestätigt";
    AllRecovered: "all recovered", "alle wiederhergestellt";
    Runbook: "Runbook", "Wiederanlaufplan";
    TenantsSeen: "Tenants, as users saw them", "Mandanten, wie Nutzer sie sahen";
    Up: "right answers", "richtige Antworten";
    Down: "outage", "Ausfall";
    Maintenance: "declared maintenance", "angekündigte Wartung";
    FirstGood: "recovered for good", "endgültig wiederhergestellt";
    FoldedNote: "folded: not to scale", "gestaucht: nicht maßstäblich";
    Measurement: "measured", "gemessen";
    DeclaredTime: "declared, not measured", "angesetzt, nicht gemessen";
    JournalHead: "Head of the journal", "Kopf des Protokolls";
    PlanHash: "Plan", "Plan";
    Program: "Program", "Programm";
    Report: "Report", "Bericht";
    Unaffected: "no outage", "kein Ausfall";
    More: "more", "weitere";
    None: "none", "keine";
    Gate: "Green before the fault", "Grün vor der Störung";
    FaultTookEffect: "The fault took effect", "Die Störung wirkte";
    NoTime: "no recovery time", "keine Wiederherstellungszeit";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_has_both_languages() {
        for label in Label::ALL {
            for lang in Lang::ALL {
                assert!(!label.text(lang).trim().is_empty(), "{label:?} {lang}");
            }
        }
    }
}
