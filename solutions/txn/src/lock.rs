//! Lock: one transaction at a time, in the whole cluster.
//!
//! Whoever holds a lock in lin-kv reads the database, which is one value there,
//! carries its transaction out, and writes the value back. The lock runs out by
//! itself when its holder dies, and so a holder that was only slow may write
//! when the next one already has. Two things stand against that: the value
//! carries the token of the tenure that wrote it last, below which nobody
//! writes, and it is replaced by compare-and-set, so that nothing written in
//! between is overwritten.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use maelstrom_kv::{KvError, LinKv, Lock};
use maelstrom_node::proto::txn::Register;
use maelstrom_node::{Context, Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::message::{Request, Response, Transaction, foreign};

/// The key of the database.
const KEY: &str = "database";

/// How long a tenure lasts: many round trips, of which none to the lock may take
/// more than a third of it, and no long wait for a dead holder.
const LEASE: Duration = Duration::from_millis(750);

/// How long a transaction waits for its turn here, and then for the lock and for
/// each answer of the service. Less than clients wait, so that there is time to
/// commit.
const TURN: Duration = Duration::from_secs(1);
const WAIT: Duration = Duration::from_secs(2);

/// A node that takes a lock for each transaction.
#[derive(Debug)]
pub struct Locked {
    kv: LinKv,
    /// The lock. Transactions of this node take turns before they contend with
    /// those of others.
    lock: Mutex<Lock>,
}

/// All registers, and the token of the tenure that wrote them last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Database {
    token: u64,
    /// By key, written as JSON writes the keys of objects.
    registers: BTreeMap<String, u64>,
}

impl Database {
    fn execute(&mut self, txn: &mut Transaction) {
        for step in txn {
            match step {
                Register::Read(key, seen) => *seen = self.registers.get(&key.to_string()).copied(),
                Register::Write(key, value) => {
                    self.registers.insert(key.to_string(), *value);
                }
            }
        }
    }
}

impl Locked {
    /// A node that has no state of its own.
    pub fn new(ctx: &Context) -> Self {
        let kv = LinKv::new(ctx).within(WAIT);
        let lock = Mutex::new(kv.lock("database").lease(LEASE));
        Self { kv, lock }
    }

    pub(crate) async fn handle(&self, request: Request) -> Result<Response> {
        let Request::Txn { mut txn } = request else {
            return Err(foreign());
        };
        let turn = timeout(TURN, self.lock.lock()).await;
        let lock = turn.map_err(|_| not_held("others of this node came first"))?;
        let lease = lock.acquire(WAIT).await;
        let lease = lease.map_err(not_held)?;
        let result = self.commit(lease.token(), &mut txn).await;
        // A lock that can't be given back runs out, and the commit stands.
        let _ = lease.release().await;
        result?;
        Ok(Response::TxnOk { txn })
    }

    async fn commit(&self, token: u64, txn: &mut Transaction) -> Result<()> {
        let found: Option<Database> = self.kv.find(KEY).await?;
        let mut database = found.clone().unwrap_or_default();
        if database.token > token {
            let text = "the lock was lost to another, who has written since";
            return Err(Error::new(ErrorCode::TxnConflict, text));
        }
        database.token = token;
        database.execute(txn);
        let written = match &found {
            Some(found) if found.registers == database.registers => Ok(()),
            Some(found) => self.kv.cas(KEY, found, &database).await,
            None => self.kv.create(KEY, &database).await,
        };
        let refused = match written {
            Ok(()) => return Ok(()),
            Err(KvError::PreconditionFailed(error) | KvError::KeyAlreadyExists(error)) => error,
            Err(error) => return Err(error.into()),
        };
        // A request that the network repeats is refused for its own first copy.
        let found = self.kv.find::<_, Database>(KEY).await?.unwrap_or_default();
        if found == database {
            return Ok(());
        }
        let code = match found.token > token {
            true => ErrorCode::Timeout, // Whoever wrote last may have written over this.
            false => ErrorCode::TxnConflict,
        };
        Err(Error::new(code, refused.text))
    }
}

/// Nothing is written without the lock: the client may try again.
fn not_held(reason: impl Display) -> Error {
    let text = format!("the lock was not to be had: {reason}");
    Error::new(ErrorCode::TxnConflict, text)
}
