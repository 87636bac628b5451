//! Broken scenarios, stacks and runbooks: each problem at its exact place, with a hint.

use super::bed::Bed;

const SCENARIO: &str = "scenarios/loss.yaml";
const STACK: &str = "stack/stack.yaml";
const RUNBOOK: &str = "stack/runbooks/rebuild.yaml";

/// file, what is replaced, by what («underlined»), message, hint
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[track_caller]
fn refused(cases: &[Case]) {
    for (file, from, to, message, hint) in cases {
        Bed::new().change(file, from, to).refused(message, hint);
    }
}

#[test]
fn the_small_stack_is_right_as_it_is() {
    Bed::new().compile().map_err(|problems| problems.to_string()).unwrap();
}

#[test]
fn words_and_keys() {
    refused(&[
        (
            SCENARIO,
            "tenants:",
            "seed: 1\n«tenant»: 3\ntenants:",
            "a scenario has no key `tenant`",
            "did you mean `tenants`?",
        ),
        (SCENARIO, "name: loss", "name: loss\n«name»: gain", "the key `name` stands here twice", "first on line 2"),
        (
            SCENARIO,
            "objectives: { rto: 4h, rpo: 26h }",
            "«objectives»: { rpo: 26h }",
            "needs the key `rto`",
            "add `rto: ...`",
        ),
        (SCENARIO, "rto: 4h", "rto: «4»", "`4` is no duration", "give the unit"),
        (SCENARIO, "rto: 4h", "rto: «soon»", "`soon` is no duration", "like 250ms"),
        (SCENARIO, "rto: 4h", "rto: «0s»", "a duration of zero", "longer"),
        (
            SCENARIO,
            "version: 1",
            "version: «2»",
            "this program reads version 1, found the number 2",
            "write `version: 1`",
        ),
        (SCENARIO, "name: loss", "name: «true»", "expected a text, found the boolean true", "in quotes"),
        (SCENARIO, "name: loss", "name: «Große Flut»", "is no name", "lower-case"),
        (SCENARIO, "name: loss", "name: «!!str» loss", "tags like `!!str` are not read", "leave it out"),
        (SCENARIO, "title: { en: Loss, de: Verlust }", "«title»: { en: Loss }", "a title needs the key `de`", "add"),
        (SCENARIO, "tenants:", "soak: «0s»\ntenants:", "a duration of zero", "longer"),
        (SCENARIO, "tenants:", "soak: «1s»\ntenants:", "nobody uses the system in so short a soak", "2s"),
        (SCENARIO, "span: 2d", "span: «36h»", "a history of 1day 12h", "whole days"),
        (SCENARIO, "span: 2d", "span: 2d, writes: «3»", "3 is out of range", "from 4 to 1000"),
        (SCENARIO, "span: 2d", "span: 2d, every: «evry»", "`every` is not `evry`", "known: needed, all"),
        (SCENARIO, "\"13:37\"", "«\"25:37\"»", "`25:37` is no time of day", "13:37"),
        (SCENARIO, "\"13:37\"", "«wurst»", "expected a time of day or `worst`", "worst"),
        (SCENARIO, "detection: probe", "detection: «prob»", "`prob` is no way to detect", "oracle"),
        (
            SCENARIO,
            "checks: [data, encryption]",
            "checks: [data, «encription»]",
            "no check `encription`",
            "did you mean `encryption`?",
        ),
        (
            SCENARIO,
            "checks: [data, encryption]",
            "«checks»: [encryption]",
            "no check looks at the data",
            "add `data` or `files`",
        ),
    ]);
}

#[test]
fn references_of_the_scenario() {
    refused(&[
        (SCENARIO, "../stack/stack.yaml", "«../stack/stak.yaml»", "stack/stak.yaml: there is no such file", "relative"),
        (SCENARIO, "../stack/stack.yaml", "«../stack»", "stack: it is a folder", "name the YAML file in it"),
        (SCENARIO, "../stack/runbooks/rebuild.yaml", "«../stack/rebuild.yaml»", "no such file", "relative"),
        (SCENARIO, "datacenter: north", "datacenter: «nort»", "no datacenter `nort`", "did you mean `north`?"),
        (SCENARIO, "datacenter: north", "datacenter: «south»", "hits no tenant", "its loss can be drilled"),
        (
            SCENARIO,
            "- datacenter-loss:",
            "- «datacentre-loss»:",
            "no fault `datacentre-loss`",
            "did you mean `datacenter-loss`?",
        ),
        (SCENARIO, "[acme, globex]", "[acme, globex, «acme»]", "the tenant `acme` stands here twice", "keep one"),
        (SCENARIO, "[acme, globex]", "[acme, «Globex»]", "must be lower-case", "acme-prod"),
        (SCENARIO, "[acme, globex]", "«41»", "41 is out of range", "from 1 to 40"),
    ]);
}

#[test]
fn stacks() {
    refused(&[
        (STACK, "country: DE,", "country: «US»,", "residency: the data would lie in US", "take another datacenter"),
        (STACK, "seat: SE", "seat: «GB»", "residency: the provider has its seat in GB", "take another datacenter"),
        (STACK, "countries: [EU]", "countries: [EU, «Germany»]", "`Germany` is no country", "ISO 3166"),
        (
            STACK,
            "  mirror: { at: \"00:20\" }",
            "  mirror: { at: \"00:20\" }\n  vault-plain: [{ path: «\"*/*\"», because: why not }]",
            "`*/*` may be any file",
            "name the folder or the file",
        ),
        (
            STACK,
            "  mirror: { at: \"00:20\" }",
            "  mirror: { at: \"00:20\" }\n  vault-plain: [«{» path: \"*/keys/*\" }]",
            "a plain file of a vault needs the key `because`",
            "add `because: ...`",
        ),
        (STACK, "role: spare", "role: «spair»", "there is no role `spair`", "did you mean `spare`?"),
        (STACK, "standby: [vault]", "standby: [«vaul»]", "the stack has no service `vaul`", "did you mean `vault`?"),
        (STACK, "standby: [vault]", "standby: [«app»]", "`app` is no shared service", "once per datacenter"),
        (STACK, "shares: [../common]", "shares: [../common, «../..»]", "not a sibling", "next to them"),
        (
            STACK,
            "mirror: { at: \"00:20\" }",
            "mirror: { at: «\"00:05\"» }",
            "the mirror run comes before the daily",
            "later",
        ),
        (
            STACK,
            "run: [/retention]",
            "run: [/retention, «\"${VAULTT}\"»]",
            "the variable `VAULTT` is not set",
            "did you mean `VAULT`?",
        ),
        (
            STACK,
            "service: retention, for: tenants, run: [/retention]",
            "service: «retention», run: [/retention]",
            "for whom?",
            "for: tenants",
        ),
    ]);
}

#[test]
fn runbooks() {
    refused(&[
        (RUNBOOK, "part: fetch", "part: «fetsch»", "no part of a recovery `fetsch`", "did you mean `fetch`?"),
        (RUNBOOK, "tag: daily", "tag: «weekly»", "there is no generation `weekly`", "known: hourly, daily"),
        (
            RUNBOOK,
            "datacenter: south",
            "datacenter: «spare»",
            "nothing is set up in the spare datacenter",
            "known: north, south",
        ),
        (
            RUNBOOK,
            "datacenter: south",
            "datacenter: «\"${PRIMARY}\"»",
            "the scenario's fault takes `north` away",
            "recover in the other",
        ),
        (RUNBOOK, "tenants: [app]", "tenants: [«ap»]", "the stack has no service `ap`", "did you mean `app`?"),
        (RUNBOOK, "tenants: [app]", "services: [«app»]", "`app` is a service of tenants", "name it under `tenants`"),
        (RUNBOOK, "tenants: [app]", "tenants: [«retention»]", "is a job", "exec"),
        (RUNBOOK, "wait: front", "wait: «back»", "cannot wait for `back`", "`front`"),
        (RUNBOOK, "name: fetch", "name: «start»", "two steps called `start`", "its own name"),
    ]);
}

#[test]
fn a_command_in_a_service_that_sleeps() {
    let bed = Bed::new().change(RUNBOOK, "tenants: [backup]", "tenants: [app]").change(
        RUNBOOK,
        "service: backup, for",
        "service: «backup», for",
    );
    bed.refused("a command runs in south/acme/backup, which does not run by then", "earlier step");
}

#[test]
fn files_that_are_no_text() {
    for (text, message) in [
        (b"".as_slice(), "the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"a\0b", "not a text but binary"),
        (b"name: \xff\xfe", "it is not UTF-8"),
        (b"name: \x1b[31mred", "a control character"),
        (b"[1, 2", "this is not YAML"),
        (b"- a list", "expected a scenario as a mapping, found a list"),
        (b"--- {}\n--- {}", "a second document"),
    ] {
        let bed = Bed::new();
        bed.write(SCENARIO, text);
        let problems = bed.problems();
        assert!(problems.iter().next().unwrap().message.contains(message), "{problems}");
        assert!(problems.iter().all(|problem| problem.file.ends_with(SCENARIO) && problem.hint.is_some()));
        assert!(!problems.render(false, 80).contains('\u{1b}'));
    }
}

#[test]
fn a_missing_scenario_is_named() {
    let bed = Bed::new();
    std::fs::remove_file(bed.path(SCENARIO)).unwrap();
    let problems = bed.problems();
    assert!(
        problems
            .to_string()
            .ends_with("loss.yaml: there is no such file (check the path; it is relative to the file that names it)")
    );
    let json = problems.to_json();
    assert_eq!(json[0]["line"], serde_json::Value::Null);
}

#[test]
fn problems_of_all_files_are_told_at_once() {
    let bed = Bed::new()
        .change(SCENARIO, "rto: 4h", "rto: 4")
        .change(SCENARIO, "checks: [data, encryption]", "checks: [dato, data]\nfruit: apple")
        .change(STACK, "role: spare", "role: spair")
        .change(RUNBOOK, "tag: daily", "tag: weekly")
        .change("stack/shared.yaml", "retries: 3", "retries: many")
        .change("stack/tenant.yaml", "depends_on: [app]", "depends_on: [apple]")
        .change("stack/front.yaml", "  front: {}", "  front: {}\n  back: {}");
    let problems = bed.problems();
    let told: Vec<String> = problems
        .iter()
        .map(|problem| {
            let (line, column) = problem.position().unwrap();
            format!("{}:{line}:{column}", problem.file.rsplit('/').next().unwrap())
        })
        .collect();
    let expected = [
        "loss.yaml:4:20",
        "loss.yaml:16:10",
        "loss.yaml:17:1",
        "rebuild.yaml:4:37",
        "stack.yaml:10:18",
        "front.yaml:15:3",
        "shared.yaml:3:76",
        "tenant.yaml:16:18",
    ];
    assert_eq!(told, expected, "{problems}");
}

#[test]
fn a_problem_is_drawn_with_its_line() {
    let bed = Bed::new().change(SCENARIO, "datacenter: north", "datacenter: nort");
    let drawn = bed.problems().render(false, 80).replace(&bed.folder.path().display().to_string(), "");
    insta::assert_snapshot!(drawn, @r"
    × the stack has no datacenter `nort`
      ╭─[/scenarios/loss.yaml:10:36]
    9 │ faults:
   10 │   - datacenter-loss: { datacenter: nort }
      ·                                    ────
   11 │ recovery:
      ╰────
    help: did you mean `north`?

  1 problem
  ");
}
