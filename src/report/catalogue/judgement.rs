//! What the enums of a judgement are called in a report. Exhaustive matches, as in `names`.

use super::names;
use crate::plan::Check;
use crate::report::lang::Lang;
use crate::verdict::{CheckOutcome, Limit, NotTested, Severity, TenantState, Verdict};

#[must_use]
pub const fn verdict(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::Passed => lang.pick("passed", "bestanden"),
        Verdict::Failed => lang.pick("failed", "nicht bestanden"),
        Verdict::Inconclusive => lang.pick("inconclusive", "nicht bewertbar"),
    }
}

/// What the verdict means, for somebody who reads nothing else.
#[must_use]
pub const fn verdict_means(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::Passed => lang.pick(
            "Everything that was asked for came back in time and right.",
            "Alles Verlangte kam rechtzeitig und richtig zurück.",
        ),
        Verdict::Failed => lang.pick(
            "The recovery does not keep what was promised. The findings say where.",
            "Die Wiederherstellung hält nicht, was zugesagt ist. Die Feststellungen sagen, wo.",
        ),
        Verdict::Inconclusive => lang.pick(
            "This run proves neither that the recovery works nor that it does not. The reasons are given below.",
            "Dieser Lauf beweist weder, dass die Wiederherstellung gelingt, noch das Gegenteil. Die Gründe stehen unten.",
        ),
    }
}

#[must_use]
pub const fn severity(severity: Severity, lang: Lang) -> &'static str {
    match severity {
        Severity::Critical => lang.pick("critical", "kritisch"),
        Severity::Major => lang.pick("major", "erheblich"),
        Severity::Minor => lang.pick("minor", "gering"),
    }
}

#[must_use]
pub const fn outcome(outcome: CheckOutcome, lang: Lang) -> &'static str {
    match outcome {
        CheckOutcome::Passed => lang.pick("passed", "bestanden"),
        CheckOutcome::Failed => lang.pick("failed", "nicht bestanden"),
        CheckOutcome::Inconclusive => lang.pick("inconclusive", "nicht bewertbar"),
        CheckOutcome::NotApplicable => lang.pick("not applicable", "nicht anwendbar"),
    }
}

#[must_use]
pub const fn tenant_state(state: TenantState, lang: Lang) -> &'static str {
    match state {
        TenantState::Bystander => lang.pick("not hit", "nicht betroffen"),
        TenantState::Recovered => lang.pick("recovered", "wiederhergestellt"),
        TenantState::NotRecovered => lang.pick("not recovered", "nicht wiederhergestellt"),
        TenantState::Unknown => lang.pick("unknown", "unbekannt"),
    }
}

/// What this drill says nothing about, as a sentence.
#[must_use]
pub fn not_tested(item: &NotTested, lang: Lang) -> String {
    let with = |check: &Check, middle: &str| format!("{}: {middle}", names::check(*check, lang));
    match item {
        NotTested::NotApplicable { check, why } => {
            format!("{} ({why})", with(check, lang.pick("the stack has no such thing", "im System nicht vorhanden")))
        }
        NotTested::NotRequested { check } => {
            with(check, lang.pick("the scenario does not ask for it", "vom Szenario nicht verlangt"))
        }
        NotTested::NoMeans { check, why } => {
            format!("{} ({why})", with(check, lang.pick("only in part", "nur zum Teil")))
        }
        NotTested::DeclaredPlain { path, because } => {
            let middle = lang.pick(
                "the files {path} of the vaults need not look encrypted",
                "die Dateien {path} der Tresore müssen nicht verschlüsselt aussehen",
            );
            format!("{} ({because})", with(&Check::Encryption, &middle.replace("{path}", path)))
        }
        NotTested::DeclaredVolatile { table, because } => {
            let middle = lang.pick("{table} is in no fingerprint", "{table} ist in keinem Fingerabdruck");
            format!("{} ({because})", with(&Check::OutOfBand, &middle.replace("{table}", table)))
        }
        NotTested::Limit(limit) => self::limit(*limit, lang).to_owned(),
    }
}

/// What no drill on this test object shows.
#[must_use]
pub const fn limit(limit: Limit, lang: Lang) -> &'static str {
    match limit {
        Limit::People => lang.pick(
            "People: alarms, decisions, finding passwords. Their time is declared, not measured.",
            "Menschen: Alarmierung, Entscheidungen, Auffinden von Passwörtern. Ihre Zeit ist angesetzt, nicht gemessen.",
        ),
        Limit::Distance => lang.pick(
            "Distance: the datacenters of the drill stand side by side.",
            "Entfernung: die Rechenzentren des Tests stehen nebeneinander.",
        ),
        Limit::ProductionScale => lang.pick(
            "Size and load of production: the drill's data volume is the one stated above.",
            "Umfang und Last des Produktivbetriebs: der Test lief mit der oben genannten Datenmenge.",
        ),
        Limit::ProductionData => lang.pick(
            "Data of production: the drill wrote its own data.",
            "Produktivdaten: der Test schrieb seine eigenen Daten.",
        ),
        Limit::ProductionConfiguration => lang.pick(
            "Images and configuration of production.",
            "Abbilder und Konfiguration des Produktivbetriebs.",
        ),
        Limit::Hardware => lang.pick(
            "Procurement and installation of hardware.",
            "Beschaffung und Aufbau von Hardware.",
        ),
        Limit::DiskEncryption => lang.pick(
            "Disk encryption of the hosts.",
            "Festplattenverschlüsselung der Rechner.",
        ),
        Limit::Contracts => lang.pick("Contracts with providers.", "Verträge mit Anbietern."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_named_in_both_languages() {
        for item in Limit::ALL {
            assert_ne!(limit(item, Lang::En), limit(item, Lang::De));
        }
    }
}
