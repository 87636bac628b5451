//! Golden artefacts: what a reader sees, word for word.

use super::lang::Lang;
use super::sample::{Case, failed, inconclusive, passed};
use super::{Colour, console, junit, summary};
use insta::assert_snapshot;

fn told(case: &Case, lang: Lang) -> String {
    case.tell(lang, |view| console::console(view, Colour::Never, "drills/sample-1/report.html"))
}

#[test]
fn console_of_a_failed_drill() {
    assert_snapshot!(told(&failed(), Lang::En), @r#####"
    FAILED  datacenter-loss – The primary datacenter is gone
    DRILL · model of the system · 3 tenants · 90 MB · sample-1

    RTO  no recovery time, objective 4 h, objective missed
    RPO  unknown of 26 h
         (predicted by the policy 13 h 32 min, worst case of the schedule 24 h 15 min)

    Tenant     Result         Recovery time  Machine          Outage  Loss
    globex     not recovered  –              –                9.9 s   unknown
    acme       recovered      25 min 10 s    9.8 s – 10.3 s   10.1 s  13 h 32 min
    acme-prod  recovered      25 min 11 s    10.1 s – 10.6 s  10.4 s  13 h 32 min

    Findings: 7
      critical   acme: A write that was acknowledged before the recovery point is missing
                 check Data; item </td><script>alert('x')</script> [31m & | `rm` ![i](https://example.o…
      critical   acme: Data of one tenant can be seen at another tenant
                 check Tenant isolation; item search; seen canary of globex
      critical   globex: A tenant did not come back
      major      globex: A step of the recovery failed
                 item recover/restore
      minor      acme-prod: The mirror holds a backup that does not belong there
                 check Mirror; item hourly
      + 2 more
    Last lines of what failed – recover/fetch:
      | restoring globex
      | ERROR 1062 (23000): duplicate entry
      | </td><script>alert('x')</script> [31m & | `rm` ![i](https://example.org)
    Report: drills/sample-1/report.html
    "#####);
}

#[test]
fn console_of_a_passed_drill_in_german() {
    assert_snapshot!(told(&passed(), Lang::De), @r#####"
    BESTANDEN  datacenter-loss – Totalausfall des primären Rechenzentrums
    ÜBUNG · Modell des Systems · 3 Mandanten · 90 MB · sample-1

    RTO  Maschine 10,6 s + angesetzt 25 min = 25 min 11 s von 4 h, Vorgabe erfüllt
    RPO  13 h 32 min von 26 h, Vorgabe erfüllt
         (laut Sicherungsplan zu erwarten 13 h 32 min, schlimmster Fall des Plans 24 h 15 min)

    Mandant    Ergebnis           Wiederherstellungszeit  Maschine         Ausfall  Verlust
    acme       wiederhergestellt  25 min 10 s             9,8 s – 10,3 s   10,1 s   13 h 32 min
    acme-prod  wiederhergestellt  25 min 11 s             10,1 s – 10,6 s  10,4 s   13 h 32 min
    globex     wiederhergestellt  25 min 10 s             9,6 s – 10,1 s   9,9 s    13 h 32 min

    Keine Feststellungen.
    Bericht: drills/sample-1/report.html
    "#####);
}

#[test]
fn console_of_an_inconclusive_drill() {
    assert_snapshot!(told(&inconclusive(), Lang::En), @r#####"
    INCONCLUSIVE  datacenter-loss – The primary datacenter is gone
    DRILL · model of the system · 3 tenants · 90 MB · sample-1

    RTO  no recovery time, objective 4 h
    RPO  unknown of 26 h
         (predicted by the policy 13 h 32 min, worst case of the schedule 24 h 15 min)

    Tenant     Result   Recovery time  Machine  Outage  Loss
    acme       unknown  –              –        10.1 s  unknown
    acme-prod  unknown  –              –        10.4 s  unknown
    globex     unknown  –              –        9.9 s   unknown

    No findings.
    What could not be judged: 2
      The drill was aborted (seen SIGINT)
      A part of a tenant's data could not be listed (tenant acme; check Data; item pages; seen </td><sc…
    Report: drills/sample-1/report.html
    "#####);
}

#[test]
fn summary_of_a_failed_drill() {
    assert_snapshot!(failed().tell(Lang::En, summary::summary), @r#####"
    ## ❌ DRILL failed: The primary datacenter is gone

    The recovery does not keep what was promised. The findings say where.

    - **RTO**: no recovery time, objective 4 h, objective missed
    - **RPO**: unknown of 26 h (predicted by the policy 13 h 32 min, worst case of the schedule 24 h 15 min)
    - **Tested on**: model of the system, 3 tenants, 90 MB
    - **Run**: sample-1, 2026-02-02 10:00 UTC
    - **Calibration of the prober**: none: how far the measured times can be trusted on this host was not examined (ernstfall calibrate)

    | Tenant | Result | Recovery time | Machine | Outage | Loss |
    |---|---|---:|---:|---:|---:|
    | acme | recovered | 25 min 10 s | 9.8 s – 10.3 s | 10.1 s | 13 h 32 min |
    | acme-prod | recovered | 25 min 11 s | 10.1 s – 10.6 s | 10.4 s | 13 h 32 min |
    | globex | not recovered | – | – | 9.9 s | unknown |

    ### Findings

    - **critical**: A write that was acknowledged before the recovery point is missing (tenant acme; check Data; item &lt;/td&gt;&lt;script&gt;alert('x')&lt;/script&gt; \[31m &amp; \| \`rm\` \!\[i\](https:/\/example.org); expected 2026-01-06T00:05:00Z)
    - **critical**: Data of one tenant can be seen at another tenant (tenant acme; check Tenant isolation; item search; seen canary of globex)
    - **critical**: A tenant did not come back (tenant globex)
    - **major**: A step of the recovery failed (tenant globex; item recover/restore)
    - **minor**: The mirror holds a backup that does not belong there (tenant acme-prod; check Mirror; item hourly)
    - + 2 more

    Report: `report.html`. Head of the journal: `0f6d9e017b4445afb5f859061c28867f79d67d2187669af8845a9eeac5aa06b4`
    "#####);
}

#[test]
fn junit_of_a_failed_drill_begins_with_the_drill_itself() {
    let junit = failed().tell(Lang::En, |view| junit::junit(view).expect("XML"));
    let head: Vec<&str> = junit.lines().take(20).collect();
    assert_snapshot!(head.join("\n"), @r#####"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="ernstfall" tests="66" skipped="4" failures="12" errors="4" time="64.157">
        <testsuite name="datacenter-loss" tests="66" skipped="4" errors="4" failures="12" time="64.157">
            <properties>
                <property name="run" value="sample-1"/>
                <property name="program" value="0.1.0"/>
                <property name="plan-sha256" value="0000000000000000000000000000000000000000000000000000000000000000"/>
                <property name="journal-head" value="0f6d9e017b4445afb5f859061c28867f79d67d2187669af8845a9eeac5aa06b4"/>
            </properties>
            <testcase name="verdict" classname="datacenter-loss">
                <failure message="failed">A step of the recovery failed (tenant globex; item recover/restore)
    A write that was acknowledged before the recovery point is missing (tenant acme; check Data; item &lt;/td&gt;&lt;script&gt;alert(&apos;x&apos;)&lt;/script&gt; [31m &amp; | `rm` ![i](https://example.org); expected 2026-01-06T00:05:00Z)
    Data of one tenant can be seen at another tenant (tenant acme; check Tenant isolation; item search; seen canary of globex)
    A tenant did not come back (tenant globex)
    The mirror holds a backup that does not belong there (tenant acme-prod; check Mirror; item hourly)</failure>
            </testcase>
            <testcase name="conclusive" classname="datacenter-loss"/>
            <testcase name="gate" classname="datacenter-loss"/>
            <testcase name="fault-confirmed-0" classname="datacenter-loss"/>
            <testcase name="rto" classname="datacenter-loss">
    "#####);
}

/// A line per case: where, what, how it ended.
fn outline(junit: &str) -> String {
    let cases = junit.split("<testcase ").skip(1).map(|case| {
        let between =
            |from: &str, to: &str| case.split(from).nth(1).and_then(|rest| rest.split(to).next()).unwrap_or("");
        let ended = ["failure", "error", "skipped"].into_iter().find(|tag| case.contains(&format!("<{tag}")));
        format!("{:25} {:17} {}", between("classname=\"", "\""), between("name=\"", "\""), ended.unwrap_or("ok"))
    });
    cases.collect::<Vec<_>>().join("\n")
}

#[test]
fn junit_has_a_case_for_everything() {
    let junit = failed().tell(Lang::En, |view| junit::junit(view).expect("XML"));
    assert_snapshot!(outline(&junit), @r#####"
    datacenter-loss           verdict           failure
    datacenter-loss           conclusive        ok
    datacenter-loss           gate              ok
    datacenter-loss           fault-confirmed-0 ok
    datacenter-loss           rto               failure
    datacenter-loss           rto-machine       failure
    datacenter-loss           rpo               error
    datacenter-loss           recovery          failure
    datacenter-loss           data              failure
    datacenter-loss           files             ok
    datacenter-loss           permissions       ok
    datacenter-loss           isolation         failure
    datacenter-loss           search            ok
    datacenter-loss           pdf               skipped
    datacenter-loss           retention         ok
    datacenter-loss           mirror            failure
    datacenter-loss           encryption        ok
    datacenter-loss           residency         ok
    datacenter-loss           restart           ok
    datacenter-loss           protected-again   ok
    datacenter-loss           out-of-band       ok
    datacenter-loss.acme      recovery          ok
    datacenter-loss.acme      rto               ok
    datacenter-loss.acme      rpo               ok
    datacenter-loss.acme      data              failure
    datacenter-loss.acme      files             ok
    datacenter-loss.acme      permissions       ok
    datacenter-loss.acme      isolation         failure
    datacenter-loss.acme      search            ok
    datacenter-loss.acme      pdf               skipped
    datacenter-loss.acme      retention         ok
    datacenter-loss.acme      mirror            ok
    datacenter-loss.acme      encryption        ok
    datacenter-loss.acme      restart           ok
    datacenter-loss.acme      protected-again   ok
    datacenter-loss.acme      out-of-band       ok
    datacenter-loss.acme-prod recovery          ok
    datacenter-loss.acme-prod rto               ok
    datacenter-loss.acme-prod rpo               ok
    datacenter-loss.acme-prod data              error
    datacenter-loss.acme-prod files             ok
    datacenter-loss.acme-prod permissions       ok
    datacenter-loss.acme-prod isolation         ok
    datacenter-loss.acme-prod search            ok
    datacenter-loss.acme-prod pdf               skipped
    datacenter-loss.acme-prod retention         ok
    datacenter-loss.acme-prod mirror            failure
    datacenter-loss.acme-prod encryption        ok
    datacenter-loss.acme-prod restart           ok
    datacenter-loss.acme-prod protected-again   ok
    datacenter-loss.acme-prod out-of-band       ok
    datacenter-loss.globex    recovery          failure
    datacenter-loss.globex    rto               failure
    datacenter-loss.globex    rpo               error
    datacenter-loss.globex    data              error
    datacenter-loss.globex    files             ok
    datacenter-loss.globex    permissions       ok
    datacenter-loss.globex    isolation         ok
    datacenter-loss.globex    search            ok
    datacenter-loss.globex    pdf               skipped
    datacenter-loss.globex    retention         ok
    datacenter-loss.globex    mirror            ok
    datacenter-loss.globex    encryption        ok
    datacenter-loss.globex    restart           ok
    datacenter-loss.globex    protected-again   ok
    datacenter-loss.globex    out-of-band       ok
    "#####);
}
