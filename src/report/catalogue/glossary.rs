//! The words of a report, for readers who did not write the scenario.

use crate::report::lang::Lang;

/// Word and meaning, in the order in which a reader meets them.
#[must_use]
pub const fn glossary(lang: Lang) -> [(&'static str, &'static str); 10] {
    match lang {
        Lang::En => [
            (
                "RTO",
                "recovery time objective: how long a recovery may take; here also the time that it took, from the fault until the slowest tenant worked again for good",
            ),
            (
                "RPO",
                "recovery point objective: how much of the newest data may be lost; here also what was lost, as time on the drill clock",
            ),
            (
                "machine / declared",
                "what was measured / what is counted for things that a drill cannot do, such as people deciding",
            ),
            (
                "from – to",
                "the tenant became usable between two probes: the true time lies within; the objective is judged on the later end",
            ),
            (
                "inconclusive",
                "the drill cannot be judged, because something could not be looked at; never counted as passed",
            ),
            ("drill clock", "simulated time: a week of backups is lived through in minutes"),
            ("generation", "one backup of all tenants at one time on the drill clock, hourly or daily"),
            ("vault, mirror", "the backup server of a datacenter; the mirror is the one in the other datacenter"),
            ("ledger", "the record of every write that was made, and whether the system acknowledged it"),
            ("probe", "one timed look at one tenant through the front door, as a user"),
        ],
        Lang::De => [
            (
                "RTO",
                "zulässige Wiederherstellungszeit; hier auch die gebrauchte: von der Störung, bis der langsamste Mandant endgültig wieder arbeitete",
            ),
            ("RPO", "zulässiger Datenverlust; hier auch der eingetretene, als Zeitspanne auf der Übungsuhr"),
            (
                "Maschine / angesetzt",
                "was gemessen wurde / was für Dinge angerechnet wird, die ein Test nicht ausführen kann, etwa Entscheidungen von Menschen",
            ),
            (
                "von – bis",
                "der Mandant wurde zwischen zwei Messungen nutzbar: der wahre Wert liegt dazwischen; bewertet wird das spätere Ende",
            ),
            (
                "nicht bewertbar",
                "etwas konnte nicht betrachtet werden, deshalb gibt es kein Urteil; zählt nie als bestanden",
            ),
            ("Übungsuhr", "simulierte Zeit: eine Woche mit Sicherungen wird in Minuten durchlebt"),
            ("Generation", "eine Sicherung aller Mandanten zu einem Zeitpunkt der Übungsuhr, stündlich oder täglich"),
            (
                "Tresor, Spiegel",
                "der Sicherungsserver eines Rechenzentrums; der Spiegel ist der im anderen Rechenzentrum",
            ),
            ("Schreibprotokoll", "Verzeichnis aller Schreibvorgänge, und ob das System sie bestätigt hat"),
            (
                "Messung",
                "ein zeitlich erfasster Blick auf einen Mandanten durch den öffentlichen Zugang, wie ein Nutzer",
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_explain_the_same_number_of_words() {
        for ((word, means), (wort, heisst)) in glossary(Lang::En).into_iter().zip(glossary(Lang::De)) {
            assert!([word, means, wort, heisst].iter().all(|text| !text.is_empty()));
        }
    }
}
