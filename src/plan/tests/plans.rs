//! What comes out: the same bytes each time, and what Compose would make of the same files.

use super::bed::Bed;
use crate::ids::Tenant;
use crate::plan::{
    Action, Compiled, ImagePlan, MountSource, NetworkKey, Overrides, Prediction, RestartPolicy, ServicePlan, compile,
};
use std::path::Path;
use std::time::Duration;

fn small() -> (Bed, Compiled) {
    let bed = Bed::new();
    let compiled = bed.compile().map_err(|problems| problems.to_string()).unwrap();
    (bed, compiled)
}

fn service<'c>(compiled: &'c Compiled, key: &str) -> &'c ServicePlan {
    compiled.plan.stack.services.iter().find(|service| service.key.to_string() == key).unwrap()
}

#[test]
fn the_same_files_make_the_same_bytes_anywhere() {
    let (first, second) = (small(), small());
    let json = |compiled: &Compiled| serde_json::to_string_pretty(&compiled.plan).unwrap();
    assert_eq!(json(&first.1), json(&second.1), "two folders");
    let roundabout = first.0.path("stack/runbooks/../../scenarios/loss.yaml");
    let third = compile(&roundabout, &Overrides::default()).unwrap();
    assert_eq!(json(&first.1), json(&third), "another way to the same file");
    let folder = first.0.folder.path().canonicalize().unwrap();
    assert!(!json(&first.1).contains(folder.to_str().unwrap()), "no path of this machine");
    let read: crate::plan::Plan = serde_json::from_str(&json(&first.1)).unwrap();
    assert_eq!(read, first.1.plan);
}

#[test]
fn services_exist_for_each_datacenter_and_tenant() {
    let (_bed, compiled) = small();
    let keys: Vec<String> = compiled.plan.stack.services.iter().map(|service| service.key.to_string()).collect();
    let expected = [
        "driver",
        "proxy",
        "north/toolbox",
        "north/vault",
        "north/acme/app",
        "north/acme/backup",
        "north/acme/retention",
        "north/globex/app",
        "north/globex/backup",
        "north/globex/retention",
        "south/toolbox",
        "south/vault",
        "south/acme/app",
        "south/acme/backup",
        "south/acme/retention",
        "south/globex/app",
        "south/globex/backup",
        "south/globex/retention",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn two_files_become_one_service() {
    let (_bed, compiled) = small();
    let app = service(&compiled, "south/acme/app");
    assert_eq!(app.command.as_deref(), Some(["/app".to_owned(), "--quiet".to_owned()].as_slice()));
    let environment: Vec<_> = app.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(environment, ["MODE=loud", "MORE=1", "TENANT=acme"]);
    assert_eq!((app.memory, app.milli_cpus, app.restart), (Some(64 << 20), Some(500), RestartPolicy::UnlessStopped));
    assert_eq!(app.networks.len(), 1);
    assert_eq!(app.networks[0].aliases, ["acme-app.south"], "no alias but its own");
    let key = app.mounts.iter().find(|mount| mount.target == "/run/secrets/key").unwrap();
    assert_eq!(key.source, MountSource::Secrets("tenants/acme/key".into()));
    assert_eq!(service(&compiled, "north/acme/backup").after[0].as_str(), "app");
}

#[test]
fn names_in_networks() {
    let (_bed, compiled) = small();
    let vault = service(&compiled, "south/vault");
    assert_eq!(vault.networks[0].network, NetworkKey::Link);
    assert_eq!(vault.networks[0].aliases, ["vault.south"], "`vault` alone would mean both");
    let proxy = service(&compiled, "proxy");
    let networks: Vec<_> = proxy.networks.iter().map(|one| (one.network.clone(), one.aliases.join(","))).collect();
    assert_eq!(networks.len(), 3, "both datacenters, and the front");
    assert!(networks.iter().all(|(_, aliases)| aliases == "proxy"));
    assert_eq!(proxy.published, Some(443));
}

#[test]
fn an_image_is_named_by_its_content() {
    let content = |bed: &Bed| match bed.compile().unwrap().plan.stack.images.get("vault").cloned() {
        Some(ImagePlan::Build { content, context, .. }) => {
            assert_eq!(context, Path::new("image"));
            content
        }
        other => panic!("{other:?}"),
    };
    let bed = Bed::new();
    let first = content(&bed);
    bed.write("stack/scripts/run", "#!/bin/sh\necho\n");
    assert_eq!(content(&bed), first, "a script that is mounted needs no rebuild");
    bed.write("stack/image/more", "");
    let second = content(&bed);
    assert_ne!(second, first);
    let mut mode = std::fs::metadata(bed.path("stack/image/more")).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    std::fs::set_permissions(bed.path("stack/image/more"), mode).unwrap();
    assert_ne!(content(&bed), second, "the executable bit counts");
}

#[test]
fn every_file_that_matters_is_an_input() {
    let (_bed, compiled) = small();
    let paths: Vec<&str> = compiled.plan.inputs.iter().map(|input| input.path.to_str().unwrap()).collect();
    let expected = [
        "../common/health",
        "../stack/front.yaml",
        "../stack/image/Dockerfile",
        "../stack/runbooks/rebuild.yaml",
        "../stack/scripts/run",
        "../stack/shared.yaml",
        "../stack/stack.yaml",
        "../stack/tenant-more.yaml",
        "../stack/tenant.yaml",
        "loss.yaml",
    ];
    assert_eq!(paths, expected);
    assert_eq!(compiled.plan.runbook.sha256, compiled.plan.inputs[3].sha256);
}

#[test]
fn commands_are_written_out() {
    let (_bed, compiled) = small();
    let shown: Vec<String> = compiled
        .plan
        .steps
        .iter()
        .flat_map(|step| {
            let commands = match &step.action {
                Action::Run { commands }
                | Action::Backup { commands, .. }
                | Action::Mirror { commands }
                | Action::Retention { commands, .. }
                | Action::Snapshots { commands, .. }
                | Action::Encryption { commands, .. } => commands.as_slice(),
                _ => &[],
            };
            commands.iter().map(move |command| format!("{} {}: {}", step.name, command.at, command.run.join(" ")))
        })
        .collect();
    for expected in [
        "history/backup-daily-2026-01-05T00-05 north/acme/backup: /backup daily 2026-01-05 00:05:00",
        "history/mirror-2026-01-06T00-20 north/globex/backup: /mirror south",
        "history/retention-south north/acme/retention: env VAULT=south /retention",
        "steady/snapshots-north north/acme/backup: /snapshots north",
        "steady/encryption north/acme/retention: env VAULT=north KEY_OF=globex /key-trial",
        "steady/encryption north/globex/retention: env VAULT=south KEY_OF=acme /key-trial",
        "recover/fetch south/globex/backup: /fetch globex south",
        "recover/switch proxy: /switch south",
        "verify/encryption south/acme/retention: env VAULT=south KEY_OF=globex /key-trial",
    ] {
        assert!(shown.iter().any(|line| line == expected), "{expected}\n{}", shown.join("\n"));
    }
    assert!(!shown.iter().any(|line| line.contains('$') || line.starts_with("verify/encryption north")));
}

#[test]
fn the_command_line_overrides_the_scenario() {
    let bed = Bed::new();
    let overrides = Overrides { seed: Some(9), tenants: Some(3), ..Overrides::default() };
    let plan = compile(&bed.path("scenarios/loss.yaml"), &overrides).unwrap().plan;
    assert_eq!(plan.seed, 9);
    assert_eq!(plan.tenants.iter().map(Tenant::as_str).collect::<Vec<_>>(), ["t-01", "t-02", "t-03"]);
    let refused = compile(&bed.path("scenarios/loss.yaml"), &Overrides { tenants: Some(41), ..Overrides::default() })
        .unwrap_err();
    assert!(refused.to_string().contains("41 tenants are asked for"), "{refused}");
}

#[test]
fn only_the_deleted_tenant_is_affected() {
    let bed = Bed::new()
        .change("scenarios/loss.yaml", "datacenter-loss: { datacenter: north }", "tenant-deleted: { tenant: acme }")
        .change("stack/stack.yaml", "operations:", "operations:\n  delete-tenant: [{ service: vault, for: tenants, run: [/delete] }]\n  inventory: [{ service: backup, for: tenants, run: [/count] }]");
    let plan = bed.compile().map_err(|problems| problems.to_string()).unwrap().plan;
    assert_eq!(plan.affected.len(), 1);
    let [acme, globex] = plan.tenants.as_slice() else { panic!("two tenants") };
    assert!(matches!(plan.prediction[acme], Prediction::Generation(_)));
    assert_eq!(plan.prediction[globex], Prediction::Untouched);
    let start = plan.steps.iter().find(|step| step.name.0 == "recover/start").unwrap();
    let Action::Start { services } = &start.action else { panic!("no start") };
    assert_eq!(services.iter().map(ToString::to_string).collect::<Vec<_>>(), ["south/acme/backup"]);
    let delete = &plan.stack.operations[&crate::plan::Operation::DeleteTenant];
    assert_eq!(delete.iter().filter(|command| command.tenant.as_ref() == Some(acme)).count(), 1);
}

#[test]
fn a_fault_that_needs_an_operation_says_so() {
    Bed::new()
        .change("scenarios/loss.yaml", "datacenter-loss: { datacenter: north }", "tenant-deleted: { tenant: acme }")
        .change(
            "stack/stack.yaml",
            "operations:",
            "«operations»:\n  inventory: [{ service: backup, for: tenants, run: [/count] }]",
        )
        .refused("this drill needs the stack's operation `delete-tenant`", "add `delete-tenant:");
}

#[test]
fn commands_for_many_tenants_have_time_for_all_waves() {
    let bed = Bed::new();
    for (tenants, waves) in [(1, 1), (6, 1), (7, 2), (13, 3)] {
        let overrides = Overrides { tenants: Some(tenants), ..Overrides::default() };
        let plan = compile(&bed.path("scenarios/loss.yaml"), &overrides).map_err(|all| all.to_string()).unwrap().plan;
        let backup = plan.steps.iter().find_map(|step| match &step.action {
            Action::Backup { commands, .. } => Some((commands, step.deadline)),
            _ => None,
        });
        let (commands, deadline) = backup.unwrap();
        assert_eq!(commands.len(), tenants as usize);
        let slowest = commands.iter().map(|command| command.deadline).max().unwrap();
        assert_eq!(deadline, slowest * waves + Duration::from_secs(15), "{tenants} tenants");
    }
}
