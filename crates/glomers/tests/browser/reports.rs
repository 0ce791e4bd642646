//! Reports of runs, opened from disk and played with.

use serde_json::json;

use super::browser::Browser;
use super::runs;

/// How many messages and operations the diagram says are in view.
async fn in_view(browser: &Browser) -> (u64, u64) {
    let text = browser.text_of("diagram-text").await;
    let numbers: Vec<u64> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .collect();
    let [.., messages, operations, _] = numbers[..] else {
        panic!("{text}")
    };
    (messages, operations)
}

/// Every plot is a picture with a name and words, and its axes have units.
async fn plots(browser: &Browser, ids: &[&str]) {
    let shown = browser
        .js("[...document.querySelectorAll('#plots svg')].map((svg) => svg.id)")
        .await;
    let expected: Vec<_> = ids.iter().map(|id| format!("plot-{id}")).collect();
    assert_eq!(shown, json!(expected));
    for id in expected {
        let axes = browser
            .js(&format!(
                "[...document.querySelectorAll('#{id} text')].filter((text) => /\\((ms|s|1\\/s|%)/.test(text.textContent)).length"
            ))
            .await;
        assert_eq!(axes, 2, "{id}");
        let wide = browser
            .js(&format!(
                "document.getElementById('{id}').getBoundingClientRect().width > 200"
            ))
            .await;
        assert_eq!(wide, true, "{id}");
    }
}

#[tokio::test]
async fn a_broadcast_under_partitions_is_zoomed_filtered_followed_and_replayed() {
    let store = tempfile::tempdir().unwrap();
    let report = runs::run(store.path(), "broadcast-c --seed 1");
    let browser = Browser::open(1280, 900, false).await;
    browser.go_to_file(&report).await;
    browser.has_text_alternatives().await;
    plots(
        &browser,
        &["latency", "quantiles", "rate", "stable", "messages"],
    )
    .await;

    // Zoom, by button and by key, and back.
    let whole = browser.text_of("diagram-text").await;
    let (all, _) = in_view(&browser).await;
    browser.click("#zoom-in").await;
    let half = browser.change_of("diagram-text", &whole).await;
    browser.keys("#canvas-box", "+").await;
    browser.change_of("diagram-text", &half).await;
    let (fewer, _) = in_view(&browser).await;
    assert!(fewer < all, "{fewer} of {all} messages after zooming in");
    let before = browser.text_of("diagram-text").await;
    browser.click("#pan-left").await;
    browser.change_of("diagram-text", &before).await;
    browser.click("#fit").await;
    browser
        .until(&format!(
            "document.getElementById('diagram-text').textContent === {}",
            json!(whole)
        ))
        .await;

    // Filter by type.
    browser.click("#filter > summary").await;
    browser.click("#types input").await;
    browser.change_of("diagram-text", &whole).await;
    let (rest, _) = in_view(&browser).await;
    assert!(rest < all, "{rest} of {all} messages without a type");
    browser.click("#types input").await;
    browser
        .until(&format!(
            "document.getElementById('diagram-text').textContent === {}",
            json!(whole)
        ))
        .await;
    // The partition dropped some.
    browser.click("#dropped").await;
    browser.change_of("diagram-text", &whole).await;
    let (dropped, _) = in_view(&browser).await;
    assert!(dropped > 0 && dropped < all, "{dropped} of {all} dropped");
    browser.click("#dropped").await;

    // Search for a value.
    browser.keys("#search", "7").await;
    let found = browser.change_of("found", "").await;
    assert!(!found.starts_with("0 messages"), "{found}");

    // Follow it: each node's first sight.
    browser.keys("#follow-value", "7").await;
    browser.click("#follow-form button[type=submit]").await;
    let trail = browser.change_of("trail", "").await;
    for node in ["n0", "n1", "n2", "n3", "n4"] {
        assert!(trail.contains(node), "`{node}` is not in {trail}");
    }
    assert!(trail.contains("The last node learned of it"), "{trail}");
    browser.keys("#follow-value", "0000").await;
    browser.click("#follow-form button[type=submit]").await;
    let nothing = browser.change_of("trail", &trail).await;
    assert!(nothing.contains("Nothing in this run"), "{nothing}");

    // Replay, step by step and by itself.
    let still = browser.text_of("moment-text").await;
    browser.click("#step-on").await;
    let one = browser.text_of("ring-text").await;
    assert!(one.contains('→'), "{one}");
    browser.keys("#ring-box", "\u{e014}").await;
    let two = browser.change_of("ring-text", &one).await;
    browser.keys("#ring-box", "\u{e012}").await;
    assert_eq!(browser.change_of("ring-text", &two).await, one);
    browser.click("#play").await;
    browser.change_of("moment-text", &still).await;
    browser.click("#play").await;

    // The cut is told while the slider stands in it.
    let cut = "(() => { const slider = document.getElementById('moment'); slider.value = Number(slider.max) / 60; \
               slider.dispatchEvent(new Event('input')); return document.getElementById('ring-text').textContent; })()";
    let words = browser.text(cut).await;
    assert!(words.contains("partition"), "{words}");
    browser.close().await;
}

#[tokio::test]
async fn a_broadcast_of_25_nodes_opens_in_the_dark_on_a_phone() {
    let store = tempfile::tempdir().unwrap();
    let report = runs::run(store.path(), "broadcast-e --seed 1");
    assert!(report.metadata().unwrap().len() < 1_000_000);
    let browser = Browser::open(500, 844, true).await;
    browser.go_to_file(&report).await;
    browser.has_text_alternatives().await;
    browser.fits().await;
    plots(
        &browser,
        &["latency", "quantiles", "rate", "stable", "messages"],
    )
    .await;
    let background = "getComputedStyle(document.documentElement).backgroundColor";
    let dark = browser.text(background).await;
    browser.click("#theme").await;
    let light = browser.text(background).await;
    assert_ne!(dark, light);
    let axis = "getComputedStyle(document.querySelector('#plots text')).fill";
    let on_light = browser.text(axis).await;
    browser.click("#theme").await;
    assert_ne!(browser.text(axis).await, on_light, "the text of plots");
    browser.close().await;
}

#[tokio::test]
async fn two_fingers_zoom_the_diagram() {
    let store = tempfile::tempdir().unwrap();
    let report = runs::run(store.path(), "broadcast-c --seed 1");
    let browser = Browser::open(500, 844, false).await;
    browser.go_to_file(&report).await;
    let whole = browser.text_of("diagram-text").await;
    let (all, _) = in_view(&browser).await;
    browser.pinch("#canvas-box", 60.0, 240.0).await;
    browser.change_of("diagram-text", &whole).await;
    let (fewer, _) = in_view(&browser).await;
    assert!(
        fewer < all,
        "{fewer} of {all} messages with the fingers apart"
    );
    // Nothing was picked by the fingers' coming and going.
    assert_eq!(
        browser.js("document.getElementById('picked').hidden").await,
        true
    );
    browser.pinch("#canvas-box", 240.0, 40.0).await;
    browser
        .until(&format!(
            "document.getElementById('diagram-text').textContent === {}",
            json!(whole)
        ))
        .await;
    browser.close().await;
}

/// Milliseconds between two changes of the replay's moment, while it plays.
const BETWEEN_STEPS: &str = "window.steps ??= (() => { const steps = []; \
    new MutationObserver(() => steps.push(performance.now())).observe(document.getElementById('moment-text'), { childList: true }); \
    return steps; })()";

#[tokio::test]
async fn a_replay_is_still_for_who_asked_for_less_motion() {
    let store = tempfile::tempdir().unwrap();
    let report = runs::run(store.path(), "broadcast-c --seed 1");
    let browser = Browser::open(1280, 900, false).await;
    for (motion, still) in [("no-preference", false), ("reduce", true)] {
        let features =
            json!({ "features": [{ "name": "prefers-reduced-motion", "value": motion }] });
        browser
            .dev_tools("Emulation.setEmulatedMedia", features)
            .await;
        browser.go_to_file(&report).await;
        browser.js(BETWEEN_STEPS).await;
        assert_eq!(
            browser
                .text("document.getElementById('play').ariaPressed")
                .await,
            "false"
        );
        assert_eq!(
            browser.text_of("moment-text").await,
            "0.000 s",
            "it plays by itself"
        );
        browser.click("#play").await;
        browser.until("window.steps.length >= 4").await;
        browser.click("#play").await;
        // The least of several: a busy machine makes some of them longer.
        let between = browser
            .js("Math.round(Math.min(...[2, 3].map((step) => window.steps[step] - window.steps[step - 1])))")
            .await;
        let between = between.as_i64().unwrap();
        assert_eq!(
            between > 900,
            still,
            "{between} ms between two pictures, {motion}"
        );
    }
    browser.close().await;
}

#[tokio::test]
async fn an_anomaly_of_transactions_leads_to_the_diagram() {
    let store = tempfile::tempdir().unwrap();
    let words = "txn-b --consistency-models serializable --seed 1 --rate 100 --time-limit 10";
    let report = runs::run(store.path(), words);
    let browser = Browser::open(1280, 900, false).await;
    browser.go_to_file(&report).await;
    browser.has_text_alternatives().await;
    plots(&browser, &["latency", "quantiles", "rate", "messages"]).await;
    let edges = browser
        .text("document.querySelector('figure.cycle ol').textContent")
        .await;
    assert!(edges.contains("comes before"), "{edges}");
    let was = browser.text_of("diagram-text").await;
    browser.click("#anomalies [data-op]").await;
    browser.change_of("diagram-text", &was).await;
    let picked = browser.text_of("picked").await;
    assert!(picked.contains("txn"), "{picked}");
    browser
        .until("!document.getElementById('picked').hidden")
        .await;
    browser.click("#picked [data-follow]").await;
    let trail = browser.change_of("trail", "").await;
    assert!(trail.contains("1 operation"), "{trail}");
    browser.close().await;
}

#[tokio::test]
async fn a_window_that_no_order_explains_leads_to_the_diagram() {
    let store = tempfile::tempdir().unwrap();
    let report = runs::lonely_registers(store.path());
    let browser = Browser::open(1280, 900, false).await;
    browser.go_to_file(&report).await;
    browser.has_text_alternatives().await;
    let window = browser
        .text("document.querySelector('figure.window').textContent")
        .await;
    assert!(window.contains("no order explains this"), "{window}");
    let was = browser.text_of("diagram-text").await;
    browser.click("figure.window table [data-op]").await;
    browser.change_of("diagram-text", &was).await;
    assert_ne!(browser.text_of("picked").await, "");
    browser.close().await;
}

/// How long it takes is printed; machines differ too much for a limit.
#[tokio::test]
async fn two_hundred_thousand_messages_fit_in_a_page() {
    let store = tempfile::tempdir().unwrap();
    let words = "broadcast-d --strategy flood --nemesis none --time-limit 38 --seed 1";
    let report = runs::run(store.path(), words);
    let size = report.metadata().unwrap().len();
    assert!(size < 20_000_000, "{size} bytes");
    let browser = Browser::open(1280, 900, false).await;
    browser.go_to_file(&report).await;
    let (messages, _) = in_view(&browser).await;
    assert!(messages >= 200_000, "{messages} messages");
    let ready = browser.js("Math.round(performance.now())").await;
    println!("{messages} messages: {size} bytes, ready and asked within {ready} ms");
    let was = browser.text_of("diagram-text").await;
    browser.click("#zoom-in").await;
    browser.change_of("diagram-text", &was).await;
    browser.close().await;
}
