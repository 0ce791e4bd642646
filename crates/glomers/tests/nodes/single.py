#!/usr/bin/env python3
"""A node for every workload, right as long as it is the only one.

The first argument makes it wrong in one way:
  stale      reads of registers, sets and counters show what was there before the last write
  forgetful  every third send, add or write is acknowledged and dropped
  chatty     replies carry a field that nobody asked for
"""
import json
import sys

MODE = sys.argv[1] if len(sys.argv) > 1 else "right"
state = {"counter": 0, "set": [], "registers": {}, "logs": {}, "committed": {}, "lists": {}}
before = {"counter": 0, "set": [], "registers": {}}
writes = 0
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
            done.append([f, key, list(value) if isinstance(value, list) else value])
            continue
        if not dropped():
            if f == "append":
                lists.setdefault(key, []).append(value)
            else:
                lists[key] = value
        done.append([f, key, value])
    return {"txn": done}


def handle(body, src):
    kind = body["type"]
    if kind == "echo":
        return {"echo": body["echo"]}
    if kind == "generate":
        return {"id": f"{node}-{src}-{body['msg_id']}"}
    if kind == "txn":
        return txn(body["txn"])
    if kind == "send":
        log = state["logs"].setdefault(body["key"], [])
        offset = len(log)
        log.append(None if dropped() else body["msg"])
        return {"offset": offset}
    if kind == "poll":
        found = {}
        for key, start in body["offsets"].items():
            entries = list(enumerate(state["logs"].get(key, [])))[start : start + 10]
            found[key] = [[offset, msg] for offset, msg in entries if msg is not None]
        return {"msgs": found}
    if kind == "commit_offsets":
        state["committed"].update(body["offsets"])
        return {}
    if kind == "list_committed_offsets":
        return {"offsets": {k: state["committed"][k] for k in body["keys"] if k in state["committed"]}}
    if kind == "read":
        if "key" in body:
            registers = shown()["registers"]
            if body["key"] not in registers:
                return {"type": "error", "code": 20, "text": "no such key"}
            return {"value": registers[body["key"]]}
        name = {"g-set": "set"}.get(WORKLOAD, "counter")
        if WORKLOAD == "broadcast":
            return {"messages": shown()["set"]}
        return {"value": shown()[name]}
    remember()
    if kind == "add" and "delta" in body:
        state["counter"] += 0 if dropped() else body["delta"]
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
        registers[body["key"]] = body["to"]
    elif kind not in ("init", "topology"):
        return {"type": "error", "code": 10, "text": f"no {kind} here"}
    return {}


WORKLOAD = sys.argv[2] if len(sys.argv) > 2 else None
for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    if body["type"] == "init":
        node = body["node_id"]
    reply = {"type": body["type"] + "_ok", "in_reply_to": body["msg_id"]}
    reply.update(handle(body, message["src"]))
    if MODE == "chatty" and body["type"] not in ("init", "topology"):
        reply["mood"] = "fine"
    print(json.dumps({"src": node, "dest": message["src"], "body": reply}), flush=True)
