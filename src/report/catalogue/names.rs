//! What the enums of the plan and the journal are called in a report.
//!
//! Every match is exhaustive and has no catch-all arm: a new variant fails to compile until it has a name in both languages.

use crate::journal::Parent;
use crate::plan::{Check, FaultPlan, Part, Phase, Prediction, Role, Tag, TestObject};
use crate::report::lang::Lang;

#[must_use]
pub const fn phase(phase: Phase, lang: Lang) -> &'static str {
    match phase {
        Phase::Prepare => lang.pick("Prepare", "Vorbereitung"),
        Phase::Start => lang.pick("Start", "Start"),
        Phase::Baseline => lang.pick("Baseline", "Grundbestand"),
        Phase::History => lang.pick("History", "Vorgeschichte"),
        Phase::Steady => lang.pick("Steady state", "Normalbetrieb"),
        Phase::Fault => lang.pick("Fault", "Störung"),
        Phase::Detect => lang.pick("Detection", "Erkennung"),
        Phase::Decide => lang.pick("Decision", "Entscheidung"),
        Phase::Recover => lang.pick("Recovery", "Wiederherstellung"),
        Phase::Verify => lang.pick("Verification", "Überprüfung"),
        Phase::Restart => lang.pick("Restart", "Neustart"),
        Phase::Soak => lang.pick("Soak", "Nachbeobachtung"),
        Phase::Teardown => lang.pick("Teardown", "Abbau"),
        Phase::Evidence => lang.pick("Evidence", "Nachweise"),
    }
}

#[must_use]
pub const fn part(part: Part, lang: Lang) -> &'static str {
    match part {
        Part::Provisioning => lang.pick("Provisioning", "Bereitstellung"),
        Part::Fetch => lang.pick("Fetching the backup", "Abholen der Sicherung"),
        Part::Restore => lang.pick("Restoring", "Einspielen"),
        Part::Reindex => lang.pick("Reindexing", "Neuindizierung"),
        Part::Switch => lang.pick("Switching over", "Umschaltung"),
        Part::Verification => lang.pick("Waiting for right answers", "Warten auf richtige Antworten"),
    }
}

#[must_use]
pub const fn check(check: Check, lang: Lang) -> &'static str {
    match check {
        Check::Data => lang.pick("Data", "Daten"),
        Check::Files => lang.pick("Files", "Dateien"),
        Check::Permissions => lang.pick("Permissions", "Berechtigungen"),
        Check::Isolation => lang.pick("Tenant isolation", "Mandantentrennung"),
        Check::Search => lang.pick("Search", "Suche"),
        Check::Pdf => lang.pick("PDF", "PDF"),
        Check::Retention => lang.pick("Retention", "Aufbewahrung"),
        Check::Mirror => lang.pick("Mirror", "Spiegel"),
        Check::Encryption => lang.pick("Encryption", "Verschlüsselung"),
        Check::Residency => lang.pick("Data residency", "Datenstandort"),
        Check::Restart => lang.pick("Restart", "Neustart"),
        Check::ProtectedAgain => lang.pick("Protected again", "Wieder geschützt"),
        Check::OutOfBand => lang.pick("Out of band", "Unmittelbar betrachtet"),
    }
}

/// What a check looks at, in one sentence.
#[must_use]
pub const fn check_means(check: Check, lang: Lang) -> &'static str {
    match check {
        Check::Data => lang.pick(
            "every acknowledged write up to the recovery point is there, and nothing else",
            "jeder bestätigte Schreibvorgang bis zum Wiederherstellungspunkt ist da, und nichts anderes",
        ),
        Check::Files => lang.pick(
            "every uploaded file is there, in every version, byte for byte",
            "jede hochgeladene Datei ist da, in jeder Version, Byte für Byte",
        ),
        Check::Permissions => lang.pick(
            "who may do what is as it was, and what was revoked stays revoked",
            "wer was darf, ist wie zuvor, und Entzogenes bleibt entzogen",
        ),
        Check::Isolation => lang.pick(
            "no tenant sees anything of another, on any surface",
            "kein Mandant sieht etwas von einem anderen, an keiner Stelle",
        ),
        Check::Search => lang.pick(
            "the search finds what is there, and only the tenant's own",
            "die Suche findet, was da ist, und nur Eigenes",
        ),
        Check::Pdf => lang.pick(
            "pages come out as PDF, with their own content",
            "Seiten werden als PDF ausgegeben, mit eigenem Inhalt",
        ),
        Check::Retention => lang.pick(
            "every promised backup slot holds a readable generation, older ones are gone",
            "jeder zugesagte Sicherungszeitpunkt ist lesbar belegt, ältere sind gelöscht",
        ),
        Check::Mirror => lang.pick(
            "the second datacenter holds every promised generation, unchanged",
            "das zweite Rechenzentrum hält jede zugesagte Generation, unverändert",
        ),
        Check::Encryption => lang.pick(
            "the vaults hold ciphertext only, and no key opens another tenant's repository",
            "die Tresore enthalten nur Verschlüsseltes, kein Schlüssel öffnet einen fremden Bestand",
        ),
        Check::Residency => lang.pick(
            "every datacenter lies in an allowed country at a provider with an allowed seat",
            "jedes Rechenzentrum liegt in einem zulässigen Land bei einem Anbieter mit zulässigem Sitz",
        ),
        Check::Restart => lang.pick(
            "the recovered system survives a restart and the time after it without losing anything",
            "das wiederhergestellte System übersteht einen Neustart und die Zeit danach, ohne etwas zu verlieren",
        ),
        Check::ProtectedAgain => lang.pick(
            "after the recovery the next backups are taken and mirrored, and a tenant can be restored from them",
            "nach der Wiederherstellung werden die nächsten Sicherungen gemacht und gespiegelt, und ein Mandant lässt sich daraus einspielen",
        ),
        Check::OutOfBand => lang.pick(
            "every row, every schema object and every file is what it was, past the application",
            "jede Zeile, jedes Schemaobjekt und jede Datei ist, an der Anwendung vorbei betrachtet, was sie war",
        ),
    }
}

#[must_use]
pub const fn test_object(object: TestObject, lang: Lang) -> &'static str {
    match object {
        TestObject::Model => lang.pick("model of the system", "Modell des Systems"),
        TestObject::StagingCopy => lang.pick("copy of the staging system", "Kopie des Staging-Systems"),
        TestObject::RealBackups => lang.pick("real backups", "echte Sicherungen"),
    }
}

/// What the test object keeps a drill from proving.
#[must_use]
pub const fn test_object_limit(object: TestObject, lang: Lang) -> &'static str {
    match object {
        TestObject::Model => lang.pick(
            "The drill ran on a model: same kind of software, made-up data, one test machine. Times do not carry over to production.",
            "Der Test lief an einem Modell: gleichartige Software, erfundene Daten, ein Testrechner. Zeiten sind nicht auf den Produktivbetrieb übertragbar.",
        ),
        TestObject::StagingCopy => lang.pick(
            "The drill ran on a copy of the staging system. Size and load differ from production.",
            "Der Test lief an einer Kopie des Staging-Systems. Umfang und Last weichen vom Produktivbetrieb ab.",
        ),
        TestObject::RealBackups => lang.pick(
            "The drill restored real backups on test hardware. Times do not carry over to production hardware.",
            "Der Test spielte echte Sicherungen auf Testhardware ein. Zeiten sind nicht auf Produktivhardware übertragbar.",
        ),
    }
}

#[must_use]
pub const fn role(role: Role, lang: Lang) -> &'static str {
    match role {
        Role::Primary => lang.pick("primary", "primär"),
        Role::Mirror => lang.pick("mirror", "Spiegel"),
        Role::Spare => lang.pick("spare", "Reserve"),
    }
}

#[must_use]
pub const fn tag(tag: Tag, lang: Lang) -> &'static str {
    match tag {
        Tag::Hourly => lang.pick("hourly", "stündlich"),
        Tag::Daily => lang.pick("daily", "täglich"),
    }
}

/// What was broken, in one line.
/// Which run is continued, and where it was frozen.
#[must_use]
pub fn parent(parent: &Parent, lang: Lang) -> String {
    let Parent { run, step, .. } = parent;
    match lang {
        Lang::En => format!("run {run}, frozen after {step}"),
        Lang::De => format!("Lauf {run}, eingefroren nach {step}"),
    }
}

#[must_use]
pub fn fault(fault: &FaultPlan, lang: Lang) -> String {
    match fault {
        FaultPlan::DatacenterLoss { datacenter } => match lang {
            Lang::En => format!("loss of the datacenter {datacenter}"),
            Lang::De => format!("Verlust des Rechenzentrums {datacenter}"),
        },
        FaultPlan::TenantDeleted { tenant } => match lang {
            Lang::En => format!("deletion of the tenant {tenant}"),
            Lang::De => format!("Löschung des Mandanten {tenant}"),
        },
        FaultPlan::DatabaseCorruption { tenant, .. } => match lang {
            Lang::En => format!("damaged database pages of the tenant {tenant}"),
            Lang::De => format!("beschädigte Datenbankseiten des Mandanten {tenant}"),
        },
        FaultPlan::RowsOverwritten { tenant, .. } => match lang {
            Lang::En => format!("overwritten texts of the tenant {tenant}"),
            Lang::De => format!("überschriebene Texte des Mandanten {tenant}"),
        },
    }
}

/// What the backup policy lets us expect.
#[must_use]
pub fn prediction(prediction: &Prediction, lang: Lang) -> String {
    match prediction {
        Prediction::Untouched => lang.pick("not hit: nothing lost", "nicht betroffen: kein Verlust").to_owned(),
        Prediction::Generation(generation) => {
            format!("{} {}", tag(generation.tag, lang), lang.drill_time(generation.time))
        }
        Prediction::Beyond => lang.pick("beyond every backup", "älter als jede Sicherung").to_owned(),
    }
}
