//! The quick reader of lines must agree with serde on every text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maelstrom_proto::{Frame, Message};

fuzz_target!(|line: &str| {
    let quick = Frame::parse(line).and_then(|frame| frame.to_message());
    let slow = serde_json::from_str::<Message>(line);
    match (quick, slow) {
        (Ok(quick), Ok(slow)) => assert_eq!(quick, slow),
        (Err(_), Err(_)) => {}
        (quick, slow) => panic!("{quick:?} but {slow:?}"),
    }
});
