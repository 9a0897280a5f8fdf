// What was done over time, as lanes of spans, from the events of a run: when the trainer waited and
// trained, under which version each generator wrote, checkpoints, evaluations, deaths.

const span_kinds = ["step", "swap", "evaluation", "checkpoint", "exit"];

class Lanes {
  constructor() { Object.assign(this, { lanes: new Map(), begin: Infinity, end: 0, seen: new Set(), added: new Set() }); }

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

  // The spans of a lane that are in sight; one without an end lasts until the next.
  between(lane, from, to) {
    const { spans } = lane;
    const end = i => is(spans[i].to) ? spans[i].to : i + 1 < spans.length ? spans[i + 1].from : Math.max(this.end, spans[i].from);
    return spans.map((span, i) => ({ ...span, to: end(i) })).filter(span => span.to >= from && span.from <= to);
  }

  get list() {
    const rank = lane => ({ trainer: 0, generator: 1, other: 2 })[lane.kind];
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
  return lanes.list.filter(lane => lane.kind !== "other").map(lane => {
    const spans = lanes.between(lane, from, to);
    const sum = kind => spans.filter(s => s.kind === kind).reduce((total, s) => total + within(s), 0);
    const stalls = spans.map(s => s.stall_us).filter(is);
    return { name: lane.name, kind: lane.kind, trained: sum("train"), waited: sum("wait"), swaps: stalls.length, stall_us: stalls.length ? Math.max(...stalls) : NaN, spans: spans.length };
  });
}
