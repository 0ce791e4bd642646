//! `glomers serve` as a person uses it.

use std::process::{Command, Stdio};

use serde_json::json;

use super::browser::Browser;
use super::runs;
use super::server::Server;

/// The page that a server begins with.
fn home(server: &Server) -> String {
    format!("http://{}/", server.address)
}

#[tokio::test]
async fn runs_are_listed_filtered_opened_and_put_side_by_side() {
    let store = tempfile::tempdir().unwrap();
    runs::run(store.path(), "echo --seed 1");
    runs::run(store.path(), "broadcast-b --seed 2");
    runs::run(store.path(), "broadcast-c --seed 3");
    let server = Server::of(store.path());
    let browser = Browser::open(1280, 900, false).await;
    browser.go(&home(&server)).await;
    browser.has_text_alternatives().await;
    let listed = "[...document.querySelectorAll('tr[data-run] th')].map((row) => row.textContent)";
    assert_eq!(
        browser.js(listed).await,
        json!(["broadcast-c", "broadcast-b", "echo"])
    );

    browser
        .js("document.querySelector('[name=challenge]').value = 'echo'")
        .await;
    browser.click(".filter button").await;
    browser
        .until("location.search.includes('challenge=echo')")
        .await;
    assert_eq!(browser.js(listed).await, json!(["echo"]));

    browser.go(&home(&server)).await;
    browser.click("tr[data-run] a").await;
    browser
        .until("location.pathname.startsWith('/runs/broadcast-c/')")
        .await;
    browser.has_text_alternatives().await;
    let page = browser.text("document.body.textContent").await;
    assert!(page.contains("seed 3"), "{page}");
    browser.click("a.button").await;
    // The report works as it does from disk.
    browser
        .until("document.documentElement.dataset.ready === 'true'")
        .await;
    let was = browser.text_of("diagram-text").await;
    browser.click("#zoom-in").await;
    browser.change_of("diagram-text", &was).await;

    browser.go(&home(&server)).await;
    browser
        .click("tr[data-run^='broadcast-b/'] [name=left]")
        .await;
    browser
        .click("tr[data-run^='broadcast-c/'] [name=right]")
        .await;
    browser.click(".act button").await;
    browser.until("location.pathname === '/side-by-side'").await;
    browser.has_text_alternatives().await;
    browser
        .until(
            "[...document.querySelectorAll('iframe')].filter((frame) => \
             frame.contentDocument?.documentElement.dataset.ready === 'true').length === 2",
        )
        .await;
    browser.close().await;
}

#[tokio::test]
async fn a_run_in_flight_comes_goes_and_is_then_in_the_list() {
    let store = tempfile::tempdir().unwrap();
    runs::run(store.path(), "echo --seed 1");
    let server = Server::of(store.path());
    let browser = Browser::open(500, 844, true).await;
    browser.go(&home(&server)).await;
    browser.fits().await;
    let mut run = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .args(["run", "echo", "--real", "--time-limit", "3", "--store"])
        .arg(store.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    browser
        .until("document.querySelector('#live progress') !== null")
        .await;
    browser
        .until("document.querySelector('#live').textContent.includes('operations')")
        .await;
    browser
        .until("document.querySelectorAll('.standing.running').length === 1")
        .await;
    browser.fits().await;
    browser
        .until("document.querySelector('#live').hidden")
        .await;
    browser
        .until("document.querySelectorAll('.standing.passed').length === 2")
        .await;
    assert!(run.wait().unwrap().success());
    browser.close().await;
}

#[tokio::test]
async fn what_leads_out_of_the_store_is_not_there() {
    let outside = tempfile::tempdir().unwrap();
    let store = outside.path().join("store");
    let report = runs::run(&store, "echo --seed 1");
    std::fs::write(outside.path().join("secret.html"), "secret").unwrap();
    let folder = report.parent().unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path().join("secret.html"), folder.join("link.html"))
        .unwrap();
    let server = Server::of(&store);
    let time = folder.file_name().unwrap().to_str().unwrap();
    let run = format!("{}runs/echo/{time}", home(&server));
    let browser = Browser::open(1280, 900, false).await;
    // The browser takes dots out of addresses by itself; encoded, some stay.
    for path in [
        "/../../../../secret.html",
        "/..%2f..%2f..%2fsecret.html",
        "/%2e%2e/%2e%2e/%2e%2e/secret.html",
        "/link.html",
    ] {
        browser.go(&format!("{run}{path}")).await;
        assert_eq!(
            browser
                .text("document.querySelector('h1').textContent")
                .await,
            "There is nothing here.",
            "{path}"
        );
    }
    // Pages that are not there are noted in the console, so it is not asked.
    drop(browser);
}
