// What was done over time, as lanes of spans, from the events of a run: when the trainer waited and
// trained, under which version each generator wrote, checkpoints, evaluations, deaths; and from what the
// run keeps beside them, who waited for what, and when some rollouts were written, under which versions.

const span_kinds = ["step", "swap", "evaluation", "checkpoint", "exit"];

const rollout_lanes = 16;

class Lanes {
  constructor() { Object.assign(this, { lanes: new Map(), begin: Infinity, end: 0, seen: new Set(), added: new Set(), rollouts: [] }); }

  // The spans of a lane, to which some are added.
  lane(name, kind) {
    if (!this.lanes.has(name)) this.lanes.set(name, { name, kind, spans: [] });
    const { spans } = this.lanes.get(name);
    this.added.add(spans);
    return spans;
  }

  // Lines as they were written, in any order; those known are passed over. Some have only a time of
  // the day: an event that has both says how that and the seconds of the run go together.
  take(events) {
    for (const data of events) if (is(data.seconds) && is(data.wall_ms)) this.zero_ms = data.wall_ms - 1000 * data.seconds;
    for (const line of events) {
      const data = is(line.seconds) ? line : { ...line, seconds: ((is(line.wall_us) ? line.wall_us / 1000 : line.wall_ms) - this.zero_ms) / 1000 };
      if (!is(data.seconds)) continue;
      const key = `${data.event} ${data.seconds} ${data.generator || data.actor || ""}`;
      if (this.seen.has(key)) continue;
      this.seen.add(key);
      this.begin = Math.min(this.begin, data.seconds);
      this.end = Math.max(this.end, data.seconds);
      this.add(data);
    }
    for (const spans of this.added) spans.sort((a, b) => a.from - b.from);
    this.added.clear();
  }

  add(data) {
    const at = data.seconds;
    if (data.event === "step") {
      const trained = at - (is(data.train_seconds) ? data.train_seconds : 0);
      const what = `${data.kind === "warm_start" ? "warm-start step" : "step"} ${whole(data.step)}`;
      if (data.wait_seconds > 0) this.lane("trainer", "trainer").push({ from: trained - data.wait_seconds, to: trained, what: `waited for the batch of ${what}`, kind: "wait" });
      this.lane("trainer", "trainer").push({ from: trained, to: at, what: `trained ${what}`, kind: "train" });
    } else if (data.event === "swap") {
      this.lane(string(data.generator), "generator").push({ from: at, to: NaN, version: data.version, what: `writes with version ${whole(data.version)}`, stall_us: data.stall_us, kind: "version" });
    } else if (data.event === "checkpoint") {
      this.lane("checkpoints", "other").push({ from: at - (is(data.took_seconds) ? data.took_seconds : 0), to: at, what: `checkpoint of version ${whole(data.version)}`, kind: "checkpoint" });
    } else if (data.event === "evaluation") {
      this.lane("evaluations", "other").push({ from: at, to: at, what: `${prose(data.label)}: pass@1 ${fixed(data.sampled, 3)}, version ${whole(data.version)}`, kind: "mark" });
    } else if (data.event === "exit") {
      this.lane("deaths", "other").push({ from: at, to: at, what: `${string(data.actor)}: ${prose(data.cause)} ${string(data.text)}`, kind: "death" });
    }
  }

  // Activities of the API, in any order, after some events: theirs is the time that the others go by.
  take_activities(activities) {
    const at = us => (us / 1000 - this.zero_ms) / 1000;
    const fresh = activities.filter(a => is(this.zero_ms) && !this.seen.has(`activity ${a.id}`));
    for (const a of fresh) {
      this.seen.add(`activity ${a.id}`);
      const from = at(a.from_us), to = at(a.to_us);
      this.end = Math.max(this.end, to);
      if (a.event === "written") this.rollouts.push({ from, to, id: a.rollout, parts: array(a.parts).map(part => ({ ...part, to: at(part.to_us) })) });
      else this.lane(`${string(a.actor)} ${a.event === "wait" ? "waits" : "works"}`, "other").push({ from, to, what: string(a.what), kind: a.event });
    }
    for (const spans of this.added) spans.sort((a, b) => a.from - b.from);
    this.added.clear();
    if (fresh.some(a => a.event === "written")) this.place_rollouts();
  }

  // Each in the first lane where nothing is any more; a span for each version.
  place_rollouts() {
    const until = [];
    for (const name of [...this.lanes.keys()].filter(n => n.startsWith("rollouts "))) this.lanes.get(name).spans.length = 0;
    for (const rollout of this.rollouts.sort((a, b) => a.from - b.from)) {
      let place = until.findIndex(end => end <= rollout.from);
      if (place < 0) place = until.length;
      if (place >= rollout_lanes) continue;
      until[place] = rollout.to;
      let from = rollout.from;
      for (const part of rollout.parts) {
        this.lane(`rollouts ${place + 1}`, "rollout").push({ from, to: part.to, version: part.version, what: `rollout ${whole(rollout.id)}: ${plural(part.tokens, "token")} with version ${whole(part.version)}`, kind: "version" });
        from = part.to;
      }
    }
    this.added.clear();
  }

  // The spans of a lane that are in sight; one without an end lasts until the next.
  between(lane, from, to) {
    const { spans } = lane;
    const end = i => is(spans[i].to) ? spans[i].to : i + 1 < spans.length ? spans[i + 1].from : Math.max(this.end, spans[i].from);
    return spans.map((span, i) => ({ ...span, to: end(i) })).filter(span => span.to >= from && span.from <= to);
  }

  get list() {
    const rank = lane => ({ trainer: 0, generator: 1, other: 2, rollout: 3 })[lane.kind];
    return [...this.lanes.values()].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { numeric: true }));
  }
}

// Spans that are worth drawing, a pixel wide at least and no two on the same pixel.
function drawn_spans(spans, X) {
  let reached = -Infinity;
  return spans.map(span => ({ span, x: X(span.from), width: Math.max(1, X(span.to) - X(span.from)) })).filter(({ x, width }) => {
    if (x + width < reached + 0.5) return false;
    reached = x + width;
    return true;
  });
}

// Of each lane, how long what took in a stretch of time.
function time_spent(lanes, from, to) {
  const within = span => Math.max(0, Math.min(to, span.to) - Math.max(from, span.from));
  return lanes.list.filter(lane => lane.kind === "trainer" || lane.kind === "generator").map(lane => {
    const spans = lanes.between(lane, from, to);
    const sum = kind => spans.filter(s => s.kind === kind).reduce((total, s) => total + within(s), 0);
    const stalls = spans.map(s => s.stall_us).filter(is);
    return { name: lane.name, kind: lane.kind, trained: sum("train"), waited: sum("wait"), swaps: stalls.length, stall_us: stalls.length ? Math.max(...stalls) : NaN, spans: spans.length };
  });
}
