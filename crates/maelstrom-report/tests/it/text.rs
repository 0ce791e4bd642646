//! What the page says without its script.

use maelstrom_report::Report;

use super::{broadcast, register, transactions};

/// What stands between the head of the page and the diagram.
fn text(report: &Report) -> String {
    let page = report.html();
    let from = page.find("<main").unwrap();
    let to = page.find("<section id=\"diagram\"").unwrap();
    page[from..to].to_owned()
}

#[test]
fn a_lost_value_is_told_with_the_nodes_that_miss_it() {
    insta::assert_snapshot!(text(&broadcast()));
}

#[test]
fn a_cycle_of_transactions_is_drawn_with_its_reasons() {
    insta::assert_snapshot!(text(&transactions()));
}

#[test]
fn a_register_that_no_order_explains_is_drawn_with_the_orders_tried() {
    insta::assert_snapshot!(text(&register()));
}

#[test]
fn the_page_needs_nothing_beside_it() {
    for report in [broadcast(), transactions(), register()] {
        // The name of SVG's namespace is no place to fetch from.
        let html = report.html();
        let page = html.replace("http://www.w3.org/2000/svg", "");
        for reference in ["src=", "http:", "https:", "@import", "url(http"] {
            assert!(!page.contains(reference), "{reference}");
        }
        for part in [
            "<title>",
            "lang=\"en\"",
            "name=\"viewport\"",
            "<main",
            "<h1>",
        ] {
            assert!(page.contains(part), "{part}");
        }
        // Every picture has a title and a text, and every table says what it is about.
        assert_eq!(
            page.matches("<svg").count(),
            page.matches("</desc>").count()
        );
        assert_eq!(
            page.matches("<table>").count(),
            page.matches("<caption").count()
        );
        assert!(html == report.html(), "the same run gives the same page");
    }
}

#[test]
fn what_a_node_says_is_text_and_never_markup() {
    let mut results = broadcast().results().clone();
    results["story"] = "<img src=x onerror=alert(1)> at 1.000 s".into();
    results["valid?"] = false.into();
    results["command"] = "</code><script>".into();
    let page = Report::new(Default::default(), None, results).html();
    assert!(!page.contains("<img") && !page.contains("</code><script>"));
}
