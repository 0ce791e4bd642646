//! Nodes that are wrong on purpose: a run has to find them out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use maelstrom_node::proto::txn::{Register, Request, Response};
use maelstrom_node::{Context, Error, ErrorCode, Node, handler};
use maelstrom_sim::{Availability, InProcess, Run, Verdict};

use crate::measure::{Figures, partitioned};

/// The anomalies for which read committed rules out some of ten runs.
fn caught<N: Node>(
    make: impl Fn(Context) -> N + Clone + Send + Sync + 'static,
) -> BTreeSet<String> {
    let settings = partitioned().time_limit(5).availability(Availability::Any);
    let mut anomalies = BTreeSet::new();
    for seed in 0..10 {
        let host = InProcess::new(make.clone());
        let outcome = Run::new(settings.clone(), seed, host).execute();
        assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
        if outcome.check().verdict() == Verdict::Invalid {
            anomalies.extend(Figures::of(&outcome).anomalies);
        }
    }
    anomalies
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
    let anomalies = caught(|_| {
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
    assert!(anomalies.contains("G1a"), "{anomalies:?}");
}

/// Tells its peer of the first write to each register, not the last: what a
/// transaction itself has overwritten is read elsewhere.
#[test]
fn writes_that_their_own_transaction_has_overwritten() {
    let anomalies = caught(|_| {
        let registers = Plain::default();
        handler(move |ctx: Context, Request::Txn { mut txn }: Request| {
            let mut first = BTreeMap::new();
            for each in &mut txn {
                step(&registers, each);
                if let Register::Write(key, value) = each {
                    first.entry(*key).or_insert(*value);
                }
            }
            if ctx.sender().is_client() {
                let writes = first.into_iter();
                let txn: Vec<_> = writes
                    .map(|(key, value)| Register::Write(key, value))
                    .collect();
                for peer in ctx.peers() {
                    ctx.send(peer, &Request::Txn { txn: txn.clone() });
                }
            }
            async move { Ok(Response::TxnOk { txn }) }
        })
    });
    assert!(anomalies.contains("G1b"), "{anomalies:?}");
}
