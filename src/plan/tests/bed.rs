//! A small stack in a temporary folder, to be changed and compiled.

use crate::plan::{Compiled, Overrides, compile};
use crate::scenario::Problems;
use assert_fs::TempDir;
use std::path::PathBuf;

pub const SCENARIO: &str = r#"version: 1
name: loss
title: { en: Loss, de: Verlust }
objectives: { rto: 4h, rpo: 26h }
stack: ../stack/stack.yaml
tenants: [acme, globex]
history: { span: 2d }
disaster: { at: "13:37" }
faults:
  - datacenter-loss: { datacenter: north }
recovery:
  detection: probe
  allowances:
    - { for: the decision, takes: 20m }
  runbook: ../stack/runbooks/rebuild.yaml
checks: [data, encryption]
"#;

const STACK: &str = r#"version: 1
name: small
title: { en: Small, de: Klein }
test-object: model
shares: [../common]
domain: small.example
datacenters:
  north: { role: primary, country: DE, provider: A, seat: DE }
  south: { role: mirror, country: FI, provider: B, seat: SE }
  spare: { role: spare, country: FR, provider: B, seat: FR }
residency: { countries: [EU], seats: [EU] }
compose:
  front: [front.yaml]
  shared: [shared.yaml]
  tenant: [tenant.yaml, tenant-more.yaml]
standby: [vault]
front: { service: proxy, port: 443 }
protection:
  volumes:
    vault-data: { rebuildable: the other one }
    files: { backed-up: by the backup }
  secrets:
    key: { escrow: sealed envelope }
driver: { exec: { service: driver, run: [/driver] } }
access:
  - { who: stranger, may: [] }
  - { who: admin, may: [read, edit] }
backup:
  hourly: { minute: 0, keep: 2 }
  daily: { at: "00:05", keep: 2 }
  mirror: { at: "00:20" }
operations:
  secrets: [{ service: toolbox, run: [/secrets] }]
  backup: [{ service: backup, for: tenants, run: [/backup, "${TAG}", "${TIME}"], deadline: 3m }]
  mirror: [{ service: backup, for: tenants, run: [/mirror, "${MIRROR}"] }]
  retention: [{ service: retention, for: tenants, run: [/retention] }]
  snapshots: [{ service: backup, for: tenants, run: [/snapshots, "${VAULT}"] }]
  key-trial: [{ service: retention, for: tenants, run: [/key-trial] }]
"#;

const FRONT: &str = r#"services:
  proxy:
    image: proxy
    ports: ["127.0.0.1::443"]
    networks: [default, front]
    restart: unless-stopped
    healthcheck: { test: [CMD, /health] }
  driver:
    image: driver
    profiles: [job]
    networks: [front]
networks:
  default: { internal: true }
  front: {}
"#;

const SHARED: &str = r#"x-service: &service
  restart: unless-stopped
  healthcheck: { test: [CMD, /health], interval: 1s, timeout: 2s, retries: 3 }
services:
  vault:
    <<: *service
    build: { context: image, args: { BASE: "${BASE}" } }
    networks: { link: { aliases: ["vault.${DATACENTER}"] } }
    volumes: ["../common:/opt/common:ro", "vault-data:/data"]
  toolbox:
    image: toolbox
    profiles: [job]
networks:
  link: { internal: true }
volumes:
  vault-data:
"#;

const TENANT: &str = r#"x-service: &service
  image: app
  restart: unless-stopped
  healthcheck: { test: [CMD, /health] }
services:
  app:
    <<: *service
    environment: { TENANT: "${TENANT}", MODE: plain }
    networks: { default: { aliases: ["${TENANT}-app.${DATACENTER}"] } }
    volumes: ["./scripts:/opt/scripts:ro", "files:/files"]
    secrets: [key]
  backup:
    <<: *service
    networks: [default, link]
    volumes: ["files:/files"]
    depends_on: [app]
  retention:
    image: app
    profiles: [job]
    networks: [link]
networks:
  link: { internal: true }
volumes:
  files:
secrets:
  key: { file: "${SECRETS}/tenants/${TENANT}/key" }
"#;

const TENANT_MORE: &str = r#"services:
  app:
    command: [/app, --quiet]
    environment: ["MODE=loud", "MORE=${NOTHING:-1}"]
    mem_limit: 64m
    cpus: 0.5
"#;

const RUNBOOK: &str = r#"version: 1
name: rebuild
title: { en: Rebuild, de: Wiederaufbau }
recovers: { from: "${MIRROR}", tag: daily }
steps:
  - name: start
    part: provisioning
    start: { datacenter: "${MIRROR}", tenants: [backup] }
    deadline: 1m
  - name: fetch
    part: fetch
    exec: [{ service: backup, for: affected, datacenter: "${MIRROR}", run: [/fetch, "${TENANT}", "${DATACENTER}"] }]
    deadline: 2m
  - name: start-apps
    part: restore
    start: { datacenter: south, tenants: [app] }
    deadline: 1m
  - name: switch
    part: switch
    exec: [{ service: proxy, run: [/switch, "${MIRROR}"] }]
    deadline: 1m
  - name: answers
    part: verification
    wait: front
    deadline: 1m
"#;

/// Marks what is expected to be underlined.
pub const OPEN: char = '«';
pub const CLOSE: char = '»';

/// The folder with all files, and the place that was marked in them.
pub struct Bed {
    pub folder: TempDir,
    pub marked: Option<(String, usize, String)>,
}

impl Bed {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let bed = Self { folder, marked: None };
        for (name, text) in [
            ("scenarios/loss.yaml", SCENARIO),
            ("stack/stack.yaml", STACK),
            ("stack/front.yaml", FRONT),
            ("stack/shared.yaml", SHARED),
            ("stack/tenant.yaml", TENANT),
            ("stack/tenant-more.yaml", TENANT_MORE),
            ("stack/runbooks/rebuild.yaml", RUNBOOK),
            ("stack/scripts/run", "#!/bin/sh\n"),
            ("stack/image/Dockerfile", "FROM scratch\n"),
            ("common/health", "#!/bin/sh\n"),
        ] {
            bed.write(name, text);
        }
        bed
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Replaces the one occurrence of `from`; what stands between the marks is expected to be underlined.
    pub fn change(mut self, name: &str, from: &str, to: &str) -> Self {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from:?} must stand in {name} once");
        let text = text.replace(from, to);
        if let Some((before, rest)) = text.split_once(OPEN) {
            let (marked, _) = rest.split_once(CLOSE).unwrap();
            self.marked = Some((name.to_owned(), before.len(), marked.to_owned()));
        }
        self.write(name, text.replace([OPEN, CLOSE], ""));
        self
    }

    pub fn compile(&self) -> Result<Compiled, Problems> {
        compile(&self.path("scenarios/loss.yaml"), &Overrides::default())
    }

    pub fn problems(&self) -> Problems {
        self.compile().expect_err("this must be refused")
    }

    /// There is exactly one problem, with this message and hint, at the marked place.
    #[track_caller]
    pub fn refused(&self, message: &str, hint: &str) {
        let problems = self.problems();
        let all: Vec<_> = problems.iter().collect();
        let [problem] = all.as_slice() else { panic!("expected one problem:\n{problems}") };
        assert!(problem.message.contains(message), "expected {message:?}:\n{problem}");
        assert!(problem.hint.as_deref().unwrap_or("").contains(hint), "expected the hint {hint:?}:\n{problem}");
        let (file, start, marked) = self.marked.clone().expect("nothing is marked");
        assert!(problem.file.ends_with(&file), "expected {file}:\n{problem}");
        let (text, span) = problem.spot.clone().expect("no place");
        assert_eq!((span.start, &text[span.clone()]), (start, marked.as_str()), "{problem}");
        let line = text[..start].matches('\n').count() + 1;
        let column = text[..start].rsplit('\n').next().unwrap().chars().count() + 1;
        assert_eq!(problem.position(), Some((line, column)));
        let drawn = problems.render(false, 100);
        assert!(drawn.contains(&format!("{file}:{line}:{column}")), "{drawn}");
    }
}
