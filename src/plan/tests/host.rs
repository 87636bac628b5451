//! Stacks that reach the host are refused, each with what to write instead.

use super::bed::Bed;

const SHARED: &str = "stack/shared.yaml";
const TENANT: &str = "stack/tenant.yaml";

fn toolbox(line: &str) -> Bed {
    Bed::new().change(SHARED, "    image: toolbox\n", &format!("    image: toolbox\n    {line}\n"))
}

fn mount(typed: &str) -> Bed {
    Bed::new().change(TENANT, "\"./scripts:/opt/scripts:ro\"", typed)
}

#[test]
fn mounts_that_leave_the_stack() {
    let instead = "mount from the stack folder";
    mount("«/etc:/etc:ro»").refused("`/etc` is outside of the stack folder", instead);
    mount("«~/.ssh:/ssh:ro»").refused("`~/.ssh` is outside of the stack folder", instead);
    mount("«../../..:/host:ro»").refused("`../../..` leads out of the stack folder", instead);
    mount("«../scenarios:/x:ro»").refused("leads out of the stack folder", instead);
    mount("«./nothing:/x:ro»").refused("there is no `./nothing`", "relative to the stack folder");
    mount("{ type: bind, source: «/», target: /host, read_only: true }")
        .refused("outside of the stack folder", instead);
    mount("«./scripts:/opt/scripts»").refused("must not write to this host's files", "add `:ro`");
    mount("«/data»").refused("an anonymous volume", "give it a name");
    mount("«\"${SECRETS}/../lock:/lock:ro\"»").refused("not a file in the folder of secrets", "name one file");
}

#[test]
fn links_that_leave_the_stack() {
    let bed = mount("«./way-out:/x:ro»");
    std::os::unix::fs::symlink("/etc", bed.path("stack/way-out")).unwrap();
    bed.refused("leads out of the stack folder", "mount from the stack folder");

    let bed = Bed::new().change(SHARED, "context: image", "context: «way-out»");
    std::os::unix::fs::symlink("/etc", bed.path("stack/way-out")).unwrap();
    bed.refused("leads out of the stack folder", "mount from the stack folder");
}

#[test]
fn the_engine_itself() {
    mount("«/var/run/docker.sock:/var/run/docker.sock»").refused("the container engine's socket", "owns the host");
    let bed = mount("«./harmless:/x:ro»");
    bed.write("common/docker.sock", "");
    std::os::unix::fs::symlink("../common/docker.sock", bed.path("stack/harmless")).unwrap();
    bed.refused("leads to the container engine's socket", "leave it out");
}

#[test]
fn rights_on_the_host() {
    toolbox("«privileged»: true").refused("`privileged` gives the container rights on the host", "leave it out");
    toolbox("«network_mode»: host").refused("`network_mode` reaches the host", "networks: [default]");
    toolbox("«pid»: host").refused("`pid` reaches the host", "leave it out");
    toolbox("«ipc»: host").refused("`ipc` reaches the host", "leave it out");
    toolbox("«devices»: [/dev/sda]").refused("`devices` gives", "leave it out");
    toolbox("«cap_add»: [SYS_ADMIN]").refused("`cap_add` gives", "cap_drop");
    toolbox("«security_opt»: [seccomp=unconfined]").refused("`security_opt` gives", "leave it out");
    toolbox("«container_name»: mine").refused("fixes a name", "leave it out");
    toolbox("«ports»: [\"8080:80\"]").refused("`toolbox` publishes a port on the host", "only `proxy`");
}

#[test]
fn rights_hidden_in_a_merge() {
    Bed::new()
        .change(SHARED, "  restart: unless-stopped\n", "  restart: unless-stopped\n  «privileged»: true\n")
        .refused("`privileged` gives the container rights on the host", "leave it out");
}

#[test]
fn ports_of_the_front() {
    let front = |typed: &str| Bed::new().change("stack/front.yaml", "\"127.0.0.1::443\"", typed);
    front("«\"443:443\"»").problems();
    let problems = front("\"0.0.0.0:80:443\"").problems().to_string();
    assert!(problems.contains("`0.0.0.0:80:443` is not the front's port"), "{problems}");
    assert!(problems.contains("127.0.0.1::443"), "{problems}");
}

#[test]
fn things_of_others() {
    let file = |from: &str, to: &str| Bed::new().change(SHARED, from, to);
    file("  vault-data:\n", "  vault-data: { «external»: true }\n").refused("`external` reaches beyond", "its own");
    file("  vault-data:\n", "  vault-data: { «driver_opts»: { device: /dev/sda } }\n")
        .refused("`driver_opts`", "disks");
    file("{ internal: true }", "{ internal: true, «external»: true }").refused("`external` reaches beyond", "its own");
    Bed::new()
        .change(TENANT, "{ file: \"${SECRETS}/tenants/${TENANT}/key\" }", "{ file: «./scripts/run» }")
        .refused("a secret must not lie in the stack folder", "operation `secrets`");
}
