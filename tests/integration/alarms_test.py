"""An alarm of a real run: told as it begins, at the end and in the report, and its command is run.

  alarms_test.py TRAM REPOSITORY
"""
import json
import os

import harness as h

with h.Folder() as at:
    run = os.path.join(at, "run")
    heard = os.path.join(at, "heard")
    with open(os.path.join(at, "hear.sh"), "w") as f:
        f.write('cat >> "$1"; echo "$TRAM_ALARM $TRAM_ALARM_STATE"\n')
    # No share of right answers is further than a half from 0 and from 1: the alarm is sure to come.
    rules = f"alarms={{reward_flat: 0.5, disk_megabytes: 0, memory_megabytes: 0, command: [sh, hear.sh, {heard}]}}"
    job = h.job(at, "alarmed", steps=25)
    ended = h.tram("run", job, "--run", run, "--json", "--set", rules)
    events = ended.events()
    alarms = [e for e in events if e["event"] == "alarm" and e.get("rule") == "reward_flat"]
    h.expect_equal(len(alarms), 1, "alarms of answers that are all alike")
    h.expect_equal(alarms[0]["actor"], "verifier/0", "whom it is of")
    h.expect("answers of the last 20 steps are right" in alarms[0]["text"], f"why: {alarms[0]['text']}")
    told = [a for a in h.summary_of(events)["alarms"] if a["rule"] == "reward_flat"]
    h.expect_equal([(a["actor"], a["times"], a["stands"]) for a in told], [("verifier/0", 1, True)], "in the summary")
    with open(heard) as f:
        heard_events = [json.loads(line) for line in f]
    h.expect(alarms[0] in heard_events, f"the command heard {heard_events}")
    with open(os.path.join(run, "alarm_command.log")) as f:
        h.expect("reward_flat begins" in f.read(), "what the command prints is not kept")
    with open(os.path.join(run, "report.html")) as f:
        h.expect("answers of the last 20 steps are right" in f.read(), "the report does not have it")
    # Resumed, the run knows it from before; nothing of it stands.
    again = " ".join(h.tram("resume", run, "--plain").out.split())
    h.expect("answers of the last 20 steps are right" in again, "the closing lines of the next life do not have it")
    print("an alarm begins, is at the end and in the report, and its command is run", flush=True)
