#!/usr/bin/env python3
"""A node for every workload, right as long as it is the only one.

The first argument makes it wrong in one way:
  stale      reads of registers, sets and counters show what was there before the last write
  forgetful  every third send, add or write is acknowledged and dropped
  deaf       an echo is not what was said
  twins      ids repeat, entries of logs and elements of lists stand twice
  aborts     every third transaction is done and refused
  backwards  lists are read from their end every other time
  skips      every other poll that goes on from another leaves an entry out
  chatty     replies carry a field that nobody asked for
  unnumbered replies carry a msg_id of null
  untyped    replies have no type
or odd in one that is allowed:
  nulls      an empty list is answered as null
  wide       ids are integers of more than 64 bits
  mixed      ids are integers and strings
  echoing    a set is read with every element twice, which Maelstrom does not mind
  wordy      envelopes, init_ok and errors carry all that they may
  talkative  it speaks unasked, to clients, services and itself, and answers what nobody asked
  trailing   it prints a word behind each message, on the same line
  codeless   reads are refused with an error that has neither code nor text
  private    reads are refused with an error code of its own
"""
import json
import sys

MODE = sys.argv[1] if len(sys.argv) > 1 else "right"
state = {"counter": 0, "set": [], "registers": {}, "logs": {}, "committed": {}, "lists": {}}
before = {"counter": 0, "set": [], "registers": {}}
writes = turns = 0
node = None


def dropped():
    """Whether this write is lost on the way to memory."""
    global writes
    writes += 1
    return MODE == "forgetful" and writes % 3 == 0


def shown():
    return before if MODE == "stale" else state


def remember():
    if MODE == "stale":
        before["counter"] = state["counter"]
        before["set"] = list(state["set"])
        before["registers"] = dict(state["registers"])


def txn(steps):
    lists, done = state["lists"], []
    for f, key, value in steps:
        if f == "r":
            value = lists.get(key)
            if isinstance(value, list):
                value = value[:: -1 if MODE == "backwards" and every(2) else 1]
            done.append([f, key, value])
            continue
        if not dropped():
            if f == "append":
                lists.setdefault(key, []).extend([value] * (2 if MODE == "twins" else 1))
            else:
                lists[key] = value
        done.append([f, key, value])
    if MODE == "aborts" and every(3):
        return {"type": "error", "code": 14, "text": "changed my mind"}
    return {"txn": done}


def every(count):
    global turns
    turns += 1
    return turns % count == 0


def unique_id(src, body):
    odd = every(2)
    return {
        "twins": turns // 2,
        "wide": (1 << 100) + turns,
        "mixed": turns if odd else str(turns),
    }.get(MODE, f"{node}-{src}-{body['msg_id']}")


def handle(body, src):
    kind = body["type"]
    if kind == "echo":
        return {"echo": body["echo"].upper() if MODE == "deaf" else body["echo"]}
    if kind == "generate":
        return {"id": unique_id(src, body)}
    if kind == "txn":
        return txn(body["txn"])
    if kind == "send":
        log = state["logs"].setdefault(body["key"], [])
        offset = len(log)
        log.append(None if dropped() else body["msg"])
        log.extend(log[-1:] if MODE == "twins" else [])
        return {"offset": offset}
    if kind == "poll":
        found = {}
        for key, start in body["offsets"].items():
            if MODE == "skips" and start and every(2):
                start += 1
            entries = list(enumerate(state["logs"].get(key, [])))[start : start + 10]
            found[key] = [[offset, msg] for offset, msg in entries if msg is not None]
        return {"msgs": {key: messages for key, messages in found.items() if messages}}
    if kind == "commit_offsets":
        state["committed"].update(body["offsets"])
        return {}
    if kind == "list_committed_offsets":
        return {"offsets": {k: state["committed"][k] for k in body["keys"] if k in state["committed"]}}
    if kind == "read":
        if MODE == "codeless":
            return {"type": "error"}
        if MODE == "private":
            return {"type": "error", "code": 1001, "text": None}
        if "key" in body:
            registers = shown()["registers"]
            if body["key"] not in registers:
                return {"type": "error", "code": 20, "text": "no such key"}
            return {"value": registers[body["key"]]}
        name = {"g-set": "set"}.get(WORKLOAD, "counter")
        if WORKLOAD == "broadcast":
            return {"messages": shown()["set"] * (2 if MODE == "echoing" else 1)}
        return {"value": shown()[name]}
    if kind != "cas":
        remember()
    if kind == "add" and "delta" in body:
        # What is lost is always more than nothing, or it might come to nothing.
        state["counter"] += 0 if body["delta"] > 0 and dropped() else body["delta"]
    elif kind in ("add", "broadcast"):
        if not dropped():
            state["set"].append(body.get("element", body.get("message")))
    elif kind == "write":
        state["registers"][body["key"]] = body["value"]
    elif kind == "cas":
        registers = state["registers"]
        if body["key"] not in registers:
            return {"type": "error", "code": 20, "text": "no such key"}
        if registers[body["key"]] != body["from"]:
            return {"type": "error", "code": 22, "text": "another value"}
        remember()
        registers[body["key"]] = body["to"]
    elif kind not in ("init", "topology"):
        return {"type": "error", "code": 10, "text": f"no {kind} here"}
    return {}


def say(dest, body, **more):
    behind = " said" if MODE == "trailing" else ""
    print(json.dumps({"src": node, "dest": dest, "body": body, **more}) + behind, flush=True)


def answer(src, body, reply):
    is_set_up = body["type"] in ("init", "topology")
    if MODE == "chatty" and not is_set_up:
        reply["mood"] = "fine"
    if MODE == "unnumbered" and not is_set_up:
        reply["msg_id"] = None
    if MODE == "untyped" and not is_set_up:
        del reply["type"]
    if MODE == "nulls":
        reply = {name: None if value == [] else value for name, value in reply.items()}
    if MODE == "wordy":
        reply["msg_id"] = -(1 << 70)
        if body["type"] == "init" or reply["type"] == "error":
            reply["mood"] = {"fine": True}
        return say(src, reply, id=-5)
    if MODE == "talkative" and not is_set_up:
        for dest in (node, "seq-kv", src):
            say(dest, {"type": "hello"})
        say(src, {"in_reply_to": 1 << 40})
        say(src, {**reply, "in_reply_to": str(body["msg_id"])})
        say(src, {"type": "error", "in_reply_to": float(body["msg_id"])})
    say(src, reply)


WORKLOAD = sys.argv[2] if len(sys.argv) > 2 else None
for line in sys.stdin:
    message = json.loads(line)
    src, body = message["src"], message["body"]
    if not src.startswith("c"):
        continue
    if body["type"] == "init":
        node = body["node_id"]
    reply = {"type": body["type"] + "_ok", "in_reply_to": body["msg_id"]}
    reply.update(handle(body, src))
    answer(src, body, reply)
