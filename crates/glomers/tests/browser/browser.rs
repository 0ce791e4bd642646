//! A browser of its own for each test, driven through chromedriver.

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// How long a page may take to show what it must.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with nothing in it, which ends with this value.
pub(crate) struct Browser {
    client: Client,
    driver: Driver,
    _profile: tempfile::TempDir,
}

struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the browser noted down since it was asked last.
#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for Log {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(r#"{"type":"browser"}"#.into()))
    }
}

/// A command of the browser's own protocol.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}

impl Browser {
    /// Opens one of this size, in CSS pixels, and light or dark.
    pub(crate) async fn open(width: u32, height: u32, dark: bool) -> Self {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver must be installed");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let driver = Driver(driver);
        let port = lines
            .find_map(|line| {
                let line = line.unwrap();
                let (_, port) = line.split_once("started successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver says its port");
        let profile = tempfile::tempdir().unwrap();
        let mut arguments = vec![
            "--headless".to_owned(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--disable-dev-shm-usage".into(),
            "--disable-quic".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            format!("--user-data-dir={}", profile.path().display()),
            format!("--window-size={width},{height}"),
        ];
        if dark {
            arguments.push("--blink-settings=preferredColorScheme=0".into());
        }
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        Self {
            client,
            driver,
            _profile: profile,
        }
    }

    /// Says that no script complained, and ends the browser.
    pub(crate) async fn close(self) {
        let noted = self.client.issue_cmd(Log).await.unwrap();
        assert_eq!(noted, json!([]), "the console");
        self.client.close().await.unwrap();
        drop(self.driver);
    }

    pub(crate) async fn go(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Opens a file, and waits until its script is done with it.
    pub(crate) async fn go_to_file(&self, file: &Path) {
        self.go(&format!("file://{}", file.display())).await;
        self.until("document.documentElement.dataset.ready === 'true'")
            .await;
    }

    /// The value of an expression in the page.
    pub(crate) async fn js(&self, expression: &str) -> Value {
        let script = format!("return {expression};");
        let value = self.client.execute(&script, Vec::new()).await;
        value.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// The same as text.
    pub(crate) async fn text(&self, expression: &str) -> String {
        let value = self.js(expression).await;
        value
            .as_str()
            .unwrap_or_else(|| panic!("{expression} is {value}"))
            .to_owned()
    }

    /// The text of an element, shown or not.
    pub(crate) async fn text_of(&self, id: &str) -> String {
        self.text(&format!("document.getElementById('{id}').textContent"))
            .await
    }

    /// Waits until an expression is true.
    pub(crate) async fn until(&self, expression: &str) {
        self.patiently(expression, || async {
            self.js(expression).await == Value::Bool(true)
        })
        .await;
    }

    /// Waits until the text of an element is another than it was, and gives it.
    pub(crate) async fn change_of(&self, id: &str, was: &str) -> String {
        self.patiently(&format!("the text of {id} to change"), || async {
            self.text_of(id).await != was
        })
        .await;
        self.text_of(id).await
    }

    async fn patiently<F: Future<Output = bool>>(&self, what: &str, is: impl Fn() -> F) {
        let start = Instant::now();
        while !is().await {
            if start.elapsed() > PATIENCE {
                let noted = self.client.issue_cmd(Log).await;
                panic!("waited in vain for {what}; the console: {noted:?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn find(&self, css: &str) -> Element {
        let found = self.client.find(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// Has the browser do what no element can be asked for: touch, emulation.
    pub(crate) async fn dev_tools(&self, command: &str, parameters: Value) {
        let command = DevTools(json!({ "cmd": command, "params": parameters }));
        self.client.issue_cmd(command).await.unwrap();
    }

    /// Two fingers on an element, so far apart at first and at last.
    pub(crate) async fn pinch(&self, css: &str, from: f64, to: f64) {
        let place = self
            .js(&format!(
                "(() => {{ const box = document.querySelector({}); box.scrollIntoView({{block: 'center', behavior: 'instant'}}); \
                 const {{ left, top, width, height }} = box.getBoundingClientRect(); return [left + width / 2, top + height / 2]; }})()",
                json!(css)
            ))
            .await;
        let (x, y) = (place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
        for (kind, apart) in [
            ("touchStart", from),
            ("touchMove", (from + to) / 2.0),
            ("touchMove", to),
        ] {
            let fingers = json!([
                { "x": x - apart / 2.0, "y": y, "id": 0 },
                { "x": x + apart / 2.0, "y": y, "id": 1 },
            ]);
            self.dev_tools(
                "Input.dispatchTouchEvent",
                json!({ "type": kind, "touchPoints": fingers }),
            )
            .await;
        }
        self.dev_tools(
            "Input.dispatchTouchEvent",
            json!({ "type": "touchEnd", "touchPoints": [] }),
        )
        .await;
    }

    /// Clicks on an element where a person would.
    pub(crate) async fn click(&self, css: &str) {
        // Smooth scrolling would still move what is clicked on.
        let center = format!(
            "document.querySelector({}).scrollIntoView({{block: 'center', behavior: 'instant'}})",
            json!(css)
        );
        self.js(&center).await;
        let clicked = self.find(css).await.click().await;
        clicked.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Types into an element.
    pub(crate) async fn keys(&self, css: &str, keys: &str) {
        self.find(css).await.send_keys(keys).await.unwrap();
    }

    /// A picture of an element as PNG.
    pub(crate) async fn picture(&self, css: &str) -> Vec<u8> {
        self.find(css).await.screenshot().await.unwrap()
    }

    /// What every page must have for who does not see it: a name for each
    /// picture, control and region.
    pub(crate) async fn has_text_alternatives(&self) {
        let nameless = self
            .js(r#"[...document.querySelectorAll(
                "svg, canvas, img, iframe, button, input:not([type=hidden]), select, section, [role=img], [role=toolbar], [role=group]"
            )].filter((element) => {
                if (element.closest("[aria-hidden=true]")) return false;
                if (element.parentElement.closest("svg")) return false;
                const labelled = (element.getAttribute("aria-labelledby") ?? "").split(" ")
                    .map((id) => document.getElementById(id)?.textContent ?? "").join("");
                const name = element.getAttribute("aria-label") || labelled || element.title ||
                    element.alt || [...(element.labels ?? [])].map((label) => label.textContent).join("") ||
                    (element.tagName === "BUTTON" ? element.textContent : "");
                return name.trim() === "";
            }).map((element) => element.outerHTML.slice(0, 120))"#)
            .await;
        assert_eq!(nameless, json!([]), "without a name");
        assert_eq!(self.js("document.documentElement.lang").await, "en");
        assert_eq!(self.js("document.querySelectorAll('h1').length").await, 1);
    }

    /// Nothing is wider than the page: nobody must scroll sideways.
    pub(crate) async fn fits(&self) {
        let over = self
            .js("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            .await;
        assert_eq!(over, 0, "wider than the window by so many pixels");
    }
}
