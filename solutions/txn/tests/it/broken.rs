//! Nodes that are wrong on purpose: a run has to find them out.

use std::collections::BTreeMap;
use std::sync::Mutex;

use maelstrom_node::proto::txn::{Register, Request, Response};
use maelstrom_node::{Context, Error, ErrorCode, Node, handler};
use maelstrom_sim::{Availability, InProcess, Run, Verdict};

use crate::measure::partitioned;

fn is_caught<N: Node>(make: impl Fn(Context) -> N + Clone + Send + Sync + 'static) {
    let settings = partitioned().time_limit(5).availability(Availability::Any);
    let mut caught = 0;
    for seed in 0..10 {
        let host = InProcess::new(make.clone());
        let outcome = Run::new(settings.clone(), seed, host).execute();
        assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
        caught += u32::from(outcome.check().verdict() == Verdict::Invalid);
    }
    // A run may be lucky.
    assert!(caught > 0, "none of 10");
}

type Plain = Mutex<BTreeMap<u64, u64>>;

fn step(registers: &Plain, step: &mut Register) {
    let mut registers = registers.lock().expect("nothing panics here");
    match step {
        Register::Read(key, seen) => *seen = registers.get(key).copied(),
        Register::Write(key, value) => {
            registers.insert(*key, *value);
        }
    }
}

/// Aborts one transaction in some after it has written, and takes nothing back.
#[test]
fn aborts_that_leave_their_writes() {
    is_caught(|_| {
        let registers = Plain::default();
        handler(move |_: Context, Request::Txn { mut txn }: Request| {
            for each in &mut txn {
                step(&registers, each);
            }
            let aborts = txn.iter().any(|step| match step {
                Register::Write(_, value) => value % 5 == 0,
                Register::Read(..) => false,
            });
            async move {
                if aborts {
                    return Err(Error::new(ErrorCode::TxnConflict, "aborted"));
                }
                Ok(Response::TxnOk { txn })
            }
        })
    });
}
