//! Golden files of what people read.

use maelstrom_check::{History, Options, Workload, check};

fn story(workload: Workload, text: &str) -> String {
    check(
        workload,
        &History::parse(text).unwrap(),
        &Options::default(),
    )
    .story()
}

#[test]
fn a_lost_broadcast() {
    insta::assert_snapshot!(story(
        Workload::Broadcast,
        "{:process 0 :time 1000000000 :type :invoke :f :broadcast :value 7}
         {:process 0 :time 1010000000 :type :ok :f :broadcast :value 7}
         {:process 1 :time 2000000000 :type :invoke :f :broadcast :value 8}
         {:process 1 :time 2010000000 :type :ok :f :broadcast :value 8}
         {:process 0 :time 9000000000 :type :invoke :f :read :value nil :final? true}
         {:process 0 :time 9001000000 :type :ok :f :read :value [7 8] :final? true}
         {:process 1 :time 9002000000 :type :invoke :f :read :value nil :final? true}
         {:process 1 :time 9003000000 :type :ok :f :read :value [8 8] :final? true}",
    ));
}

#[test]
fn a_stale_register() {
    insta::assert_snapshot!(story(
        Workload::LinKv,
        "{:process 0 :time 100000000 :type :invoke :f :write :value [k 1]}
         {:process 0 :time 110000000 :type :ok :f :write :value [k 1]}
         {:process 0 :time 120000000 :type :invoke :f :cas :value [k [1 2]]}
         {:process 1 :time 125000000 :type :invoke :f :write :value [k 3]}
         {:process 0 :time 130000000 :type :ok :f :cas :value [k [1 2]]}
         {:process 2 :time 140000000 :type :invoke :f :read :value [k nil]}
         {:process 2 :time 150000000 :type :ok :f :read :value [k 1]}
         {:process 1 :time 160000000 :type :ok :f :write :value [k 3]}",
    ));
}

#[test]
fn write_skew() {
    insta::assert_snapshot!(story(
        Workload::TxnListAppend,
        "{:process 0 :time 100000000 :type :invoke :f :txn :value [[:r x nil] [:append y 1]]}
         {:process 1 :time 101000000 :type :invoke :f :txn :value [[:r y nil] [:append x 2]]}
         {:process 0 :time 102000000 :type :ok :f :txn :value [[:r x []] [:append y 1]]}
         {:process 1 :time 103000000 :type :ok :f :txn :value [[:r y []] [:append x 2]]}",
    ));
}

#[test]
fn interleaved_registers() {
    insta::assert_snapshot!(story(
        Workload::TxnRwRegister,
        "{:process 0 :time 100000000 :type :invoke :f :txn :value [[:w x 1] [:w y 1]]}
         {:process 1 :time 101000000 :type :invoke :f :txn :value [[:w x 2] [:w y 2]]}
         {:process 0 :time 102000000 :type :ok :f :txn :value [[:w x 1] [:w y 1]]}
         {:process 1 :time 103000000 :type :ok :f :txn :value [[:w x 2] [:w y 2]]}
         {:process 0 :time 104000000 :type :invoke :f :txn :value [[:r x nil] [:r y nil]]}
         {:process 0 :time 105000000 :type :ok :f :txn :value [[:r x 2] [:r y 1]]}
         {:process 1 :time 106000000 :type :invoke :f :txn :value [[:r x nil] [:r y nil]]}
         {:process 1 :time 107000000 :type :ok :f :txn :value [[:r x 2] [:r y 1]]}",
    ));
}

#[test]
fn a_log_that_loses_and_reorders() {
    insta::assert_snapshot!(story(
        Workload::Kafka,
        r#"{:process 0 :time 100000000 :type :invoke :f :send :value [[:send "k" 1]]}
           {:process 0 :time 101000000 :type :ok :f :send :value [[:send "k" [0 1]]]}
           {:process 0 :time 102000000 :type :invoke :f :send :value [[:send "k" 2]]}
           {:process 0 :time 103000000 :type :ok :f :send :value [[:send "k" [1 2]]]}
           {:process 0 :time 104000000 :type :invoke :f :send :value [[:send "k" 3]]}
           {:process 0 :time 105000000 :type :ok :f :send :value [[:send "k" [2 3]]]}
           {:process 1 :time 200000000 :type :invoke :f :poll :value [[:poll]]}
           {:process 1 :time 201000000 :type :ok :f :poll :value [[:poll {"k" [[0 1]]}]]}
           {:process 1 :time 202000000 :type :invoke :f :poll :value [[:poll]]}
           {:process 1 :time 203000000 :type :ok :f :poll :value [[:poll {"k" [[2 3]]}]]}"#,
    ));
}
