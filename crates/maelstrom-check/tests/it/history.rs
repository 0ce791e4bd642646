//! Reading, writing, pairing.

use maelstrom_check::{EdnReader, Error, History, Op, OpType, Process, Value, Verdict, Workload};
use proptest::prelude::*;

fn refused(text: &str) -> String {
    History::parse(text).unwrap_err().to_string()
}

#[test]
fn reads_every_layout_of_a_history() {
    let line = "{:index 0, :time 5, :type :invoke, :process 3, :f :read, :value nil}";
    let expected = History::parse(line).unwrap();
    assert_eq!(expected.ops()[0], Op::invoke(3, "read", ()).at(5));
    for text in [
        format!("#jepsen.history.Op{line}"),
        format!("[{line}]"),
        format!("; a comment\n({line})\n; another"),
        format!("[#_{{:ignored true}} #jepsen.history.Op {line}]"),
        r#"{"index":0,"time":5,"type":"invoke","process":3,"f":"read","value":null}"#.into(),
        r#"[{"index":0,"time":5,"type":"invoke","process":3,"f":"read","value":null}]"#.into(),
    ] {
        assert_eq!(
            History::parse(&text).unwrap().ops(),
            expected.ops(),
            "{text}"
        );
    }
    assert!(History::parse("").unwrap().is_empty());
    assert!(History::parse("[]").unwrap().is_empty());
}

#[test]
fn a_file_that_is_no_text_is_refused_with_a_word_that_helps() {
    let file = std::env::temp_dir().join(format!("no-text-{}.edn", std::process::id()));
    let refused = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        History::read(&file).unwrap_err().to_string()
    };
    assert!(refused(b"\x1f\x8b\x08").ends_with("it is compressed with gzip, unpack it first"));
    assert_eq!(
        refused(b"{:type :ok}\n{:f \xe9}"),
        "line 2, column 5: a byte that is no UTF-8"
    );
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn large_integers_in_json_keep_their_digits() {
    let id = |last: u8| {
        let ok = format!(
            r#"{{"type":"ok","process":0,"f":"generate","value":[1267650600228229401496703205{last},-0,1e3,0.5]}}"#
        );
        History::parse(&ok).unwrap().ops()[0].value.clone()
    };
    assert_ne!(id(37), id(38));
    assert_eq!(
        id(37).to_string(),
        "[126765060022822940149670320537N 0 1000.0 0.5]"
    );
    let tagged =
        History::parse("{:type :ok, :process 0, :f :read, :value #tuple [3 nil]}").unwrap();
    assert_eq!(tagged.ops()[0].value.items().len(), 2);
}

#[test]
fn keeps_what_it_does_not_know() {
    let text = "{:process :nemesis, :type :info, :f :start, :value [:isolated {\"n1\" #{\"n2\"}}]}\n\
                {:process 0, :type :invoke, :f :read, :final? true}\n\
                {:process 0, :type :info, :f :read, :error [:crash \"x\"], :exception {:via []}}";
    let history = History::parse(text).unwrap();
    let ops = history.ops();
    assert_eq!(ops[0].process, Process::Nemesis);
    assert!(ops[1].is_final());
    assert_eq!(ops[2].kind, OpType::Info);
    assert!(ops[2].error.is_some() && ops[2].field("exception").is_some());
    assert_eq!(history.completion(1).unwrap().index, 2);
    assert_eq!(History::parse(&history.to_edn()).unwrap().ops(), ops);
}

#[test]
fn a_mistake_is_refused_with_line_and_reason() {
    assert_eq!(
        refused("{:type :invoke}\n{:type :ok :value [1 2}"),
        "line 2, column 23: `}` closes nothing"
    );
    assert_eq!(
        refused("{:type :invoke}\n\n{:type :ok"),
        "line 3, column 1: opened here and never closed with `}`"
    );
    assert_eq!(
        refused("[{:type :ok}"),
        "line 1: the history's opening bracket is never closed"
    );
    assert_eq!(
        refused("[{:type :ok}] 3"),
        "line 1: text after the history's end"
    );
    assert_eq!(refused("{:f :read}"), "line 1: an operation without a type");
    assert_eq!(refused("3"), "line 1: an operation is a map, this is 3");
    assert_eq!(
        refused("{:type :ok, :index 4}\n{:type :ok, :index 4}"),
        "line 2: its index is not above 4, the one before it"
    );
    assert_eq!(
        refused("{:type :ok, :index 4}\n{:type :ok}"),
        "line 2: some operations have an index and some have not"
    );
    assert_eq!(
        refused("{:type :invoke, :process 1, :f :a}\n{:type :invoke, :process 1, :f :b}"),
        "line 2: process 1 invokes b while its operation 0 is still under way"
    );
    let json = "{\"type\":\"ok\"}\n{\"type\":\"ok\",}";
    assert!(
        refused(json).starts_with("line 2, column 14: "),
        "{}",
        refused(json)
    );
    assert!(refused("[{\"type\":\"ok\"},\n{\"type\":\"no\"}]").starts_with("line 2: type"));
    let deep = "[".repeat(100_000);
    assert!(refused(&deep).contains("nested deeper"));
}

#[test]
fn reads_the_odd_corners_of_edn() {
    for (text, shown) in [
        (r#""a\b\f\u0041\\\"""#, "\"a\\b\\fA\\\\\\\"\""),
        ("12345678901234567890", "12345678901234567890N"),
        ("7N", "7"),
        ("22/7", "22/7"),
        ("1.50M", "1.50M"),
        ("-1.5e3", "-1500.0"),
        ("##NaN", "##NaN"),
        ("0x1f", "31"),
        ("\\newline", "\\newline"),
        ("\\a", "\\a"),
        ("\\{", "\\{"),
        ("#:jepsen{:a 1, :b/c 2}", "{:b/c 2, :jepsen/a 1}"),
        ("clojure.core$fn__5", "clojure.core$fn__5"),
        ("#object[a.b 0x1f \"x\"]", "#object [a.b 31 \"x\"]"),
        ("#\"a\\d\"", "#regex \"a\\\\d\""),
        ("-", "-"),
        ("^:m [1]", "[1]"),
    ] {
        let mut reader = EdnReader::new(text);
        let form = reader.next_form().unwrap().unwrap();
        assert_eq!(form.to_string(), shown, "{text}");
        assert!(reader.next_form().unwrap().is_none(), "{text}");
    }
    for text in [
        "1a",
        "{:a}",
        "{:a 1 :a 2}",
        "\"abc",
        "#",
        ":",
        "\\nope",
        "##Nope",
        "\"\\q\"",
    ] {
        assert!(EdnReader::new(text).next_form().is_err(), "{text}");
    }
}

#[test]
fn values_are_small_and_equal_as_in_clojure() {
    assert_eq!(size_of::<Value>(), 16);
    assert_eq!(Value::vector([1, 2]), Value::list([1, 2]));
    assert_ne!(Value::Int(1), Value::Float(1.0));
    assert_eq!(
        Value::map([("b", 1), ("a", 2)]),
        Value::map([("a", 2), ("b", 1)])
    );
    assert_eq!(
        Value::map([("a", 1), ("a", 2)]).get("a"),
        Some(&Value::Int(2))
    );
    assert_eq!(Value::keyword("a").to_json(), serde_json::json!("a"));
    assert_eq!(Value::from(u64::MAX).to_json(), serde_json::json!(u64::MAX));
    // JSON has no keywords: of two keys of one name the later stands.
    let map = Value::map([
        (Value::keyword("b"), Value::from(1)),
        (Value::from("a"), Value::from(2)),
        (Value::keyword("a"), Value::from(f64::NAN)),
        (Value::from(7), Value::from("seven")),
    ]);
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(text, r#"{"7":"seven","a":null,"b":1}"#);
    assert_eq!(map.to_json().to_string(), text);
}

#[test]
fn an_unknown_workload_names_the_nearest() {
    let error = "brodcast".parse::<Workload>().unwrap_err();
    assert!(matches!(&error, Error::UnknownName { nearest: Some(n), .. } if n == "broadcast"));
    assert!(error.to_string().contains("did you mean broadcast?"));
    assert!(
        !"xyzzy-and-more"
            .parse::<Workload>()
            .unwrap_err()
            .to_string()
            .contains("did you")
    );
    for workload in Workload::ALL {
        assert_eq!(workload.name().parse::<Workload>().unwrap(), workload);
    }
}

#[test]
fn verdicts_merge_to_the_gravest() {
    use Verdict::{Invalid, Unknown, Valid};
    assert_eq!(Valid.merge(Valid), Valid);
    assert_eq!(Unknown.merge(Valid), Unknown);
    assert_eq!(Unknown.merge(Invalid), Invalid);
    assert_eq!(
        serde_json::json!([Valid, Unknown, Invalid]).to_string(),
        r#"[true,"unknown",false]"#
    );
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("NaN has many bit patterns", |x| !x.is_nan())
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z][a-z0-9?-]{0,6}".prop_map(|s| Value::keyword(&s)),
        any::<char>()
            .prop_filter("delimiters", |c| !c.is_control() && !c.is_whitespace())
            .prop_map(Value::Char),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::vector),
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::list),
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::set),
            prop::collection::vec((inner.clone(), inner), 0..5).prop_map(Value::map),
        ]
    })
}

proptest! {
    #[test]
    fn edn_round_trips(v in value()) {
        let text = v.to_string();
        let mut reader = EdnReader::new(&text);
        let back = reader.next_form().unwrap().unwrap();
        prop_assert_eq!(back, v);
        prop_assert!(reader.next_form().unwrap().is_none());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\](){}#:\"\\\\a-z0-9 ;\n^/.NM-]{0,40}") {
        let _ = History::parse(&text);
    }

    #[test]
    fn json_lines_round_trip(v in any::<i64>(), process in 0u64..9, time in any::<i64>()) {
        let history = History::from_ops([
            Op::invoke(process, "write", vec![v]).at(time),
            Op::info(process, "write", vec![v]).at(time).with_error("timeout").with("final?", true),
        ]).unwrap();
        let back = History::parse(&history.to_json_lines()).unwrap();
        prop_assert_eq!(back.ops(), history.ops());
    }
}
