//! The pictures of the README, taken of real reports: `just pictures`.

use std::path::Path;

use super::browser::Browser;
use super::runs;

#[tokio::test]
#[ignore = "writes into docs/pictures"]
async fn pictures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let store = tempfile::tempdir().unwrap();
    let report = runs::run(
        store.path(),
        "broadcast-b --seed 4 --latency 100 --nemesis partition --nemesis-interval 3 --rate 3 --time-limit 8",
    );
    let browser = Browser::open(1100, 1400, false).await;
    browser.go_to_file(&report).await;
    // The end of one partition and the whole of the next.
    for button in [
        "#zoom-in",
        "#zoom-in",
        "#pan-left",
        "#pan-left",
        "#pan-left",
    ] {
        browser.click(button).await;
    }
    take(&browser, "#canvas-box", &folder.join("diagram.png")).await;
    let report = runs::run(
        store.path(),
        "broadcast-b --seed 4 --latency 100 --nemesis partition",
    );
    browser.go_to_file(&report).await;
    browser
        .js("document.querySelectorAll('#plots > :not(:has(#plot-latency, #plot-messages))').forEach((part) => part.remove())")
        .await;
    take(&browser, "#plots", &folder.join("plots.png")).await;
    browser.close().await;
}

async fn take(browser: &Browser, css: &str, file: &Path) {
    let picture = browser.picture(css).await;
    assert!(picture.len() < 200_000, "{} bytes", picture.len());
    std::fs::write(file, picture).unwrap();
}
