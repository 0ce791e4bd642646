//! The lock and its tokens on the workbench: partitions, stopped nodes, and
//! holders that come too late.
//!
//! Registers stand on the first node. Whoever wants to change one takes its
//! lock, loads, dawdles, and stores. A holder may dawdle beyond its lease, as
//! one would whose process was stopped right after it had looked at the clock,
//! and its store then arrives in the tenure of another.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use maelstrom_kv::{Fence, LinKv};
use maelstrom_node::{Context, Error, ErrorCode, Node, Result};
use maelstrom_sim::{Concurrency, Fault, InProcess, Outcome, Run, Settings, Verdict, Workload};
use rand::RngExt;
use serde::{Deserialize, Serialize};

const LEASE: Duration = Duration::from_millis(200);
const SECOND: Duration = Duration::from_secs(1);

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Request {
    Read { key: u64 },
    Write { key: u64, value: u64 },
    Cas { key: u64, from: u64, to: u64 },
    Load { key: u64, token: u64 },
    Store { key: u64, token: u64, value: u64 },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::enum_variant_names)] // As they stand on the wire.
enum Response {
    ReadOk { value: u64 },
    WriteOk,
    CasOk,
    LoadOk { value: Option<u64> },
    StoreOk,
}

#[derive(Default)]
struct Register {
    fence: Fence,
    value: Option<u64>,
}

struct Guarded {
    fenced: bool,
    registers: Mutex<BTreeMap<u64, Register>>,
}

impl Guarded {
    /// The register's side. It lets no token in that is lower than the highest
    /// seen, or, if it is careless, any. Reading takes no token.
    fn at<T>(
        &self,
        key: u64,
        token: Option<u64>,
        act: impl FnOnce(&mut Option<u64>) -> T,
    ) -> Result<T> {
        let registers = self.registers.lock();
        let mut registers = registers.unwrap_or_else(PoisonError::into_inner);
        let register = registers.entry(key).or_default();
        if let Some(token) = token
            && self.fenced
            && !register.fence.admits(token)
        {
            let text = format!("the tenure {token} is over");
            return Err(Error::new(ErrorCode::TxnConflict, text));
        }
        Ok(act(&mut register.value))
    }

    /// The holder's side.
    async fn change(&self, ctx: &Context, key: u64, from: Option<u64>, to: u64) -> Result<()> {
        let lock = LinKv::new(ctx).lock(key.to_string()).lease(LEASE);
        let lease = lock.acquire(SECOND).await?;
        let changed = load_and_store(ctx, key, lease.token(), from, to).await;
        // One that can't be released runs out.
        let _ = lease.release().await;
        changed
    }
}

async fn load_and_store(
    ctx: &Context,
    key: u64,
    token: u64,
    from: Option<u64>,
    to: u64,
) -> Result<()> {
    let owner = &ctx.node_ids()[0];
    let load = Request::Load { key, token };
    if let Response::LoadOk { value } = ctx.rpc(owner, &load, SECOND / 2).await?
        && let Some(from) = from
        && value != Some(from)
    {
        let text = format!("{value:?} is not {from}");
        return Err(Error::new(ErrorCode::PreconditionFailed, text));
    }
    let dawdling = ctx.rng().random_range(0..=3 * LEASE.as_millis() as u64);
    tokio::time::sleep(Duration::from_millis(dawdling)).await;
    let value = to;
    let store = Request::Store { key, token, value };
    let _: Response = ctx.rpc(owner, &store, SECOND / 2).await?;
    Ok(())
}

impl Node for Guarded {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, request: Request) -> Result<Response> {
        let owner = &ctx.node_ids()[0];
        Ok(match request {
            Request::Read { .. } if ctx.id() != owner => ctx.rpc(owner, &request, SECOND).await?,
            Request::Read { key } => {
                let missing = || Error::new(ErrorCode::KeyDoesNotExist, "never written");
                let value = self.at(key, None, |value| *value);
                let value = value?.ok_or_else(missing)?;
                Response::ReadOk { value }
            }
            Request::Write { key, value } => {
                self.change(&ctx, key, None, value).await?;
                Response::WriteOk
            }
            Request::Cas { key, from, to } => {
                self.change(&ctx, key, Some(from), to).await?;
                Response::CasOk
            }
            Request::Load { key, token } => {
                let value = self.at(key, Some(token), |value| *value)?;
                Response::LoadOk { value }
            }
            Request::Store { key, token, value } => {
                self.at(key, Some(token), |register| *register = Some(value))?;
                Response::StoreOk
            }
        })
    }
}

fn run(seed: u64, fenced: bool) -> Outcome {
    let settings = Settings::new(Workload::LinKv)
        .node_count(5)
        .concurrency(Concurrency::PerNode(2))
        .rate(20.0)
        .time_limit(30)
        .latency_ms(10)
        .nemesis(Fault::Partition)
        .nemesis(Fault::Pause)
        .nemesis_interval(5.0);
    let host = InProcess::new(move |_| Guarded {
        fenced,
        registers: Mutex::default(),
    });
    let outcome = Run::new(settings, seed, host).execute();
    assert!(
        outcome.failure.is_none(),
        "seed {seed}: {:?}",
        outcome.failure
    );
    outcome
}

#[test]
fn nothing_is_lost_when_the_register_looks_at_tokens() {
    let (mut carried_out, mut refused) = (0, 0);
    for seed in 0..20 {
        let outcome = run(seed, true);
        let results = outcome.check();
        assert_eq!(
            results.workload.verdict(),
            Verdict::Valid,
            "seed {seed}: {}",
            results.story()
        );
        carried_out += results.stats.all.ok_count;
        let history = outcome.history.to_json_lines();
        refused += history.matches("is over").count();
    }
    assert!(
        carried_out > 500 && refused > 50,
        "{carried_out} carried out, {refused} refused"
    );
}

#[test]
fn the_lock_alone_is_not_enough() {
    let caught = (0..20).filter(|seed| {
        let verdict = run(*seed, false).check().workload.verdict();
        verdict == Verdict::Invalid
    });
    let caught = caught.count();
    assert!(caught >= 5, "{caught} of 20");
}
