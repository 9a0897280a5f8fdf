"""A run's figures in the formats of others, read by readers that share no code with the writer.

  export_test.py TRAM REPOSITORY
"""
import csv
import glob
import json
import os
import struct

import harness as h

# CRC-32C, bit by bit, as RFC 3720 has it.
TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    TABLE.append(byte)


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        length, crc = struct.unpack_from("<QI", data, at)
        h.expect_equal(crc, masked_crc(data[at:at + 8]), f"the sum of the length at {at}")
        content = data[at + 12:at + 12 + length]
        h.expect_equal(struct.unpack_from("<I", data, at + 12 + length)[0], masked_crc(content), f"the sum of the record at {at}")
        yield content
        at += 16 + length


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7


def fields(data):
    """A message of Protocol Buffers as (number, value)."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif wire == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            h.expect_equal(wire, 2, f"wire type of field {number}")
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        yield number, value
    h.expect_equal(at, len(data), "the end of a message")


def scalars(path):
    """{tag: [(step, value)]}, and {tag: description}."""
    curves, described = {}, {}
    for i, record in enumerate(records(path)):
        event = list(fields(record))
        if i == 0:
            h.expect_equal(dict(event)[3], b"brain.Event:2", "the file's version")
        step = dict(event).get(2, 0)
        for number, summary in event:
            for _, value in fields(summary) if number == 5 else ():
                parts = dict(fields(value))
                tag = parts[1].decode()
                curves.setdefault(tag, []).append((step, parts[2]))
                if 9 in parts:
                    described[tag] = dict(fields(parts[9]))[3].decode()
    return curves, described


def check_tensorboard(path, events):
    curves, described = scalars(path)
    steps = h.steps_of(events)
    h.expect_equal([step for step, _ in curves["reinforce/score"]], [e["step"] for e in steps], "steps with a score")
    for (_, value), e in zip(curves["reinforce/score"], steps):
        h.expect(abs(value - e["score"]) < 1e-6, f"score {value}, told {e['score']}")
    swaps = [e for e in events if e["event"] == "swap"]
    h.expect_equal(sum(len(c) for tag, c in curves.items() if tag.startswith("swap/swap_stall_us/")), len(swaps), "swaps")
    h.expect("warm_start/warm_start_loss" in curves, f"no warm start in {sorted(curves)}")
    h.expect_equal(set(described), set(curves), "what each is, is told once")
    h.expect(described["reinforce/score"].startswith("Mean score"), described["reinforce/score"])


def check_csv(folder, events):
    with open(os.path.join(folder, "reinforce.csv"), newline="") as f:
        rows = list(csv.DictReader(f))
    steps = h.steps_of(events)
    h.expect_equal([int(r["step"]) for r in rows], [e["step"] for e in steps], "steps in the table")
    for row, e in zip(rows, steps):
        for field in ("score", "entropy", "tokens", "seconds"):
            h.expect_equal(float(row[field]) if row[field] else None, e[field], f"{field} of step {e['step']}")
        waiting = row["queue_waiting"]  # the ledger may not have told yet
        h.expect_equal(float(waiting) if waiting else None, e.get("queues", {}).get("waiting"), f"queue of step {e['step']}")


def check_trace(path, events):
    with open(path) as f:
        trace = json.load(f)["traceEvents"]
    lanes, slices = {}, {}
    for e in trace:
        h.expect(e["ph"] in "MXi" and isinstance(e["pid"], int) and isinstance(e["tid"], int), f"an event of the format: {e}")
        if e["ph"] == "M" and e["name"] == "thread_name":
            lanes[e["pid"], e["tid"]] = e["args"]["name"]
        elif e["ph"] == "X":
            h.expect(e["dur"] >= 0 and e["ts"] >= 0, f"a slice in time: {e}")
            slices.setdefault(lanes[e["pid"], e["tid"]], []).append(e)
    for lane, found in slices.items():  # what overlaps lies within
        open_until = []
        for e in sorted(found, key=lambda e: (e["ts"], -e["dur"])):
            while open_until and open_until[-1] <= e["ts"] + 1e-3:
                open_until.pop()
            h.expect(not open_until or e["ts"] + e["dur"] <= open_until[-1] + 1e-3, f"slices of {lane} that overlap: {e}")
            open_until.append(e["ts"] + e["dur"])
    steps = [e for e in events if e["event"] == "step"]
    h.expect_equal(sum(e["name"] == "trains" for e in slices["trainer"]), len(steps), "steps in the trace")
    swaps = [e for e in events if e["event"] == "swap"]
    h.expect_equal(sum(e["name"] == "swap" for e in slices["generator/0"]), len(swaps), "swaps in the trace")
    rollouts = [e for lane, found in slices.items() if lane.startswith("lane ") for e in found]
    whole = [e for e in rollouts if e["name"].startswith("rollout ")]
    parts = [e for e in rollouts if e["name"].startswith("version ")]
    h.expect(whole and len(parts) >= len(whole), f"{len(whole)} rollouts with {len(parts)} parts")
    return len(whole)


with h.Folder() as at:
    run = os.path.join(at, "run")
    h.tram("run", h.job(at, "exported", warm_steps=4, steps=4), "--run", run, "--plain")
    out = h.tram("export", run).out
    events = h.metrics(run)
    (file,) = glob.glob(os.path.join(run, "export", "tensorboard", "events.out.tfevents.*"))
    h.expect(file in out, f"the file is not named: {out}")
    check_tensorboard(file, events)
    check_csv(os.path.join(run, "export", "csv"), events)
    other = os.path.join(at, "other")
    h.tram("export", run, "--to", "csv", "--out", other)
    h.expect_equal(os.listdir(other), ["csv"], "what --to csv writes")
    h.expect("tensorbord" in h.tram("export", run, "--to", "tensorbord", status=h.BAD_INPUT).err, "a format that there is not")
    h.expect("is no run" in h.tram("export", at, status=h.BAD_INPUT).err, "a folder that is no run")
    out = h.tram("trace", run).out
    h.expect(os.path.join(run, "trace.json") in out, f"the trace is not named: {out}")
    drawn = check_trace(os.path.join(run, "trace.json"), events)
    print(f"a trace with {drawn} rollouts", flush=True)
    print("TensorBoard's records and the tables say what the events say", flush=True)
