//! A headless Chromium behind its own chromedriver on a free port; only what was started here is ended here.

use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A driver process and a browser session on it.
pub struct Browser {
    driver: Driver,
    pub client: Client,
}

/// Ends the process, whatever happens to the test.
struct Driver {
    process: Child,
    address: String,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Gone already is fine; there is nobody left to tell.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What one look at a page found out.
pub struct Look {
    pub page: Value,
    /// Requests other than for the page itself.
    pub requests: Vec<String>,
    /// Warnings and errors of the console.
    pub console: Vec<String>,
}

impl Browser {
    /// Starts both; names and addresses do not resolve in this browser.
    pub async fn start() -> Self {
        let driver = Driver::start();
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                     "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--disable-sync"],
            "perfLoggingPrefs": {"enableNetwork": true},
        });
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let client = ClientBuilder::native()
            .capabilities(capabilities)
            .connect(&driver.address)
            .await
            .expect("chromium starts (Debian packages chromium and chromium-driver)");
        Self { driver, client }
    }

    /// Opens a file at a width, in light or dark, and evaluates `script` in it.
    pub async fn look(&self, file: &Path, width: u32, dark: bool, script: &str) -> Look {
        let metrics = json!({"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = json!({"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }});
        self.devtools("Emulation.setEmulatedMedia", json!({"features": [scheme]})).await;
        self.log("performance").await;
        self.log("browser").await;
        let address = format!("file://{}", file.display());
        self.client.goto(&address).await.expect("the page loads");
        let page = self.client.execute(script, vec![]).await.expect("the page can be looked at");
        let requests = self.log("performance").await.iter().filter_map(request).filter(|url| *url != address).collect();
        let console = self.log("browser").await.iter().map(|line| line["message"].to_string()).collect();
        Look { page, requests, console }
    }

    /// Ends the session, then the driver.
    pub async fn end(self) {
        self.client.close().await.expect("the session ends");
        drop(self.driver);
    }

    async fn devtools(&self, cmd: &str, params: Value) {
        self.post("goog/cdp/execute", json!({"cmd": cmd, "params": params})).await;
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let answer = self.post("se/log", json!({"type": kind})).await;
        answer["value"].as_array().cloned().unwrap_or_default()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let session = self.client.session_id().await.expect("a session").expect("a session");
        let url = format!("{}/session/{session}/{path}", self.driver.address);
        let answer = reqwest::Client::new().post(url).json(&body).send().await.expect("chromedriver answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("JSON")
    }
}

impl Driver {
    /// Takes a free port and says which one.
    fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is installed (Debian package chromium-driver)");
        let stdout = process.stdout.take().expect("a pipe");
        let port = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver says its port");
        Self { process, address: format!("http://127.0.0.1:{port}") }
    }
}

/// The address of a request that leaves, from one line of the performance log.
fn request(line: &Value) -> Option<String> {
    let message: Value = serde_json::from_str(line["message"].as_str()?).ok()?;
    let event = &message["message"];
    (event["method"] == "Network.requestWillBeSent")
        .then(|| event["params"]["request"]["url"].to_string().replace('"', ""))
}
