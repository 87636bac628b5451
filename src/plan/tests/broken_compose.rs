//! Compose files outside of the subset, or wrong in it.

use super::bed::Bed;

const SHARED: &str = "stack/shared.yaml";
const TENANT: &str = "stack/tenant.yaml";
const MORE: &str = "stack/tenant-more.yaml";

#[track_caller]
fn refused(cases: &[(&str, &str, &str, &str, &str)]) {
    for (file, from, to, message, hint) in cases {
        Bed::new().change(file, from, to).refused(message, hint);
    }
}

#[test]
fn keys_outside_of_the_subset_are_named() {
    refused(&[
        (
            SHARED,
            "  toolbox:\n",
            "  toolbox:\n    «env_file»: .env\n",
            "`env_file` is not in the Compose subset",
            "environment",
        ),
        (SHARED, "  toolbox:\n", "  toolbox:\n    «dns»: 1.1.1.1\n", "a service has no key `dns`", "known: "),
        (
            SHARED,
            "  toolbox:\n",
            "  toolbox:\n    «comand»: x\n",
            "a service has no key `comand`",
            "did you mean `command`?",
        ),
        (
            SHARED,
            "services:",
            "«name»: x\nservices:",
            "the key `name` is not in the Compose subset",
            "named by its run",
        ),
        (
            SHARED,
            "services:",
            "«service»: {}\nservices:",
            "a Compose file has no key `service`",
            "did you mean `services`?",
        ),
        (SHARED, "retries: 3", "retries: 3, «retrys»: 3", "has no key `retrys`", "did you mean `retries`?"),
        (TENANT, "profiles: [job]", "profiles: [«debug», job]", "there is no profile `debug`", "one-shot"),
    ]);
}

#[test]
fn values_of_the_subset_are_checked() {
    refused(&[
        (MORE, "mem_limit: 64m", "mem_limit: «64 monkeys»", "`64 monkeys` is no size", "512m"),
        (MORE, "cpus: 0.5", "cpus: «half»", "`half` is no number of cores", "0.5"),
        (MORE, "cpus: 0.5", "init: «yes»", "expected true or false, found the text `yes`", "texts"),
        (MORE, "\"MORE=${NOTHING:-1}\"", "«MORE»", "`MORE` would take its value from the host", "write `MORE=value`"),
        (
            MORE,
            "\"MORE=${NOTHING:-1}\"",
            "«\"MORE=${TENAN}\"»",
            "the variable `TENAN` is not set here",
            "did you mean `TENANT`?",
        ),
        (MORE, "\"MORE=${NOTHING:-1}\"", "«\"MORE=${SECRETS}/x\"»", "a folder of the host", "/run/secrets"),
        (
            TENANT,
            "\"files:/files\"]\n    secrets",
            "«\"file:/files\"»]\n    secrets",
            "no volume `file` is declared",
            "did you mean `files`?",
        ),
        (TENANT, "secrets: [key]", "secrets: [«kay»]", "no secret `kay` is declared", "did you mean `key`?"),
        (
            TENANT,
            "networks: [default, link]",
            "networks: [default, «lnk»]",
            "no network `lnk` is declared",
            "did you mean `link`?",
        ),
        (
            SHARED,
            "  link: { internal: true }",
            "  «link»: {}",
            "the network `link` would reach the world",
            "internal: true",
        ),
        (SHARED, "context: image", "context: «imag»", "there is no `imag`", "relative to the stack folder"),
        (SHARED, "context: image", "context: image, dockerfile: «Other»", "there is no `image/Other`", "dockerfile"),
    ]);
}

#[test]
fn every_service_is_looked_after() {
    refused(&[
        (
            SHARED,
            "  toolbox:\n    image: toolbox\n    profiles: [job]",
            "  «toolbox»:\n    image: toolbox\n    healthcheck: { test: x }",
            "has no restart policy",
            "job",
        ),
        (
            SHARED,
            "  toolbox:\n    image: toolbox\n    profiles: [job]",
            "  «toolbox»:\n    image: toolbox\n    restart: always",
            "has no health check",
            "job",
        ),
        (
            TENANT,
            "    image: app\n    profiles: [job]",
            "    image: app\n    restart: «always»\n    profiles: [job]",
            "a job runs once",
            "leave",
        ),
    ]);
}

#[test]
fn every_volume_and_secret_is_protected() {
    refused(&[
        (
            SHARED,
            "  vault-data:\n",
            "  vault-data:\n  «cellar»:\n",
            "nothing says how the volume `cellar` comes back",
            "protection.volumes",
        ),
        (
            TENANT,
            "secrets:\n  key:",
            "secrets:\n  «code»: { file: \"${SECRETS}/code\" }\n  key:",
            "the secret `code`",
            "protection.secrets",
        ),
        (
            "stack/stack.yaml",
            "    key: {",
            "    «kez»: { escrow: x }\n    key: {",
            "no Compose file has a secret `kez`",
            "did you mean `key`?",
        ),
    ]);
}

#[test]
fn tenants_and_datacenters_must_not_mix() {
    let bed = Bed::new().change(
        TENANT,
        "{ default: { aliases: [\"${TENANT}-app.${DATACENTER}\"] } }",
        "{ «default»: { aliases: [app] } }",
    );
    let problems = bed.problems();
    let first = problems.iter().next().unwrap();
    assert!(first.message.contains("would answer to `app`: north/acme/app and north/globex/app"), "{problems}");
    assert_eq!(problems.iter().count(), 1, "{problems}");
}

#[test]
fn one_name_means_one_service() {
    Bed::new()
        .change(SHARED, "  toolbox:", "  retention:\n    image: x\n    profiles: [job]\n  toolbox:")
        .change(TENANT, "  retention:\n", "  «retention»:\n")
        .refused("another file has a service `retention`, too", "one name");
}

#[test]
fn a_circle_is_found() {
    let problems = Bed::new().change(TENANT, "depends_on: [app]", "depends_on: [backup]").problems();
    assert!(problems.to_string().contains("`backup` waits for itself"), "{problems}");
}
