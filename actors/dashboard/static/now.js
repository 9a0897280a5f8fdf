// Now: what the job does, waits for, has learnt, and what went wrong.

// The curves of the first view: a title and the metrics that it takes, as far as there are any.
const now_cards = [
  ["Reward", ["score"]], ["Held-out", ["heldout_sampled", "heldout_greedy"]], ["Completion length", ["tokens_mean"], { positive: true }], ["Entropy", ["entropy"], { positive: true }],
  ["Lag", ["lag_max"], { positive: true }], ["Log-prob gap", ["log_prob_gap_max"], { positive: true, chart: { least: 1e-6 } }], ["Throughput", ["tokens_per_second"], { positive: true }],
  ["Warm start", ["warm_start_loss"], { positive: true }],
  ["Swaps", ["swap_stall_us"], { chart: { logarithmic: true, bottom: undefined, format: micros }, series: { dots: 2.4 } }],
];

function tile(name, value, more, tone) {
  return el("div", { class: "tile" }, el("div", { class: "name" }, name), el("div", { class: "value " + (tone || "") }, value), el("div", { class: "more" }, more || "\u00a0"));
}

function common_tiles(job) {
  const left = is(job.eta_seconds) && job.live ? `${duration(job.eta_seconds)} left of this stage` : "";
  return [tile("time", duration(job.seconds), left),
    tile("deaths", whole(job.exits), job.exits ? el("a", { href: link_to("events", "", { kind: "exit" }) }, "what died, and why") : "nobody", job.exits ? "bad" : ""),
    tile("alarms", whole(job.alarms), job.alarms ? el("a", { href: link_to("events", "", { kind: "alarm,alarm_over" }) }, array(job.alarms_now).length ? `${plural(job.alarms_now.length, "alarm")} ${job.live ? "now" : "at the end"}` : "read them") : "none", job.alarms ? "bad" : "")];
}

function job_tiles(job) {
  if (job.kind === "graph") return el("div", { class: "tiles" }, common_tiles(job));
  const queues = Object.entries(object(job.queues)).map(([name, n]) => `${name} ${count(n)}`).join(", ");
  return el("div", { class: "tiles" },
    tile("held-out pass@1", percent(first_of(job.heldout, job.heldout_before)), is(job.heldout_before) ? `${percent(job.heldout_before)} before` : ""),
    tile("score of the last batch", fixed(job.score, 3), is(job.correct) ? `${percent(job.correct)} right, moving average` : ""),
    tile("weight version", whole(job.version), is(job.lag_max) ? `lag at most ${whole(job.lag_max)}` : ""),
    tile("log-prob gap", job.log_prob_gap_max === 0 ? "0" : is(job.log_prob_gap_max) ? short(job.log_prob_gap_max) : dash, job.log_prob_gap_max === 0 ? "bit for bit" : is(job.log_prob_gap_max) ? "largest of the last audit" : "not audited yet", job.log_prob_gap_max === 0 ? "good" : job.log_prob_gap_max > 0 ? "bad" : ""),
    job.live ? tile("written", [count(job.tokens_per_s), el("small", null, " tokens/s")], queues) : tile("written", [count(object(job.summary).tokens_per_second), el("small", null, " tokens/s")], "mean of the run"),
    common_tiles(job));
}

function progress(job) {
  if (!is(job.step) || !is(job.steps) || !job.steps) return null;
  const share = Math.min(1, job.step / job.steps);
  return el("div", { class: "progress", role: "progressbar", "aria-label": "Steps of this stage", "aria-valuemin": 0, "aria-valuemax": job.steps, "aria-valuenow": job.step },
    el("div", { style: `width:${(100 * share).toFixed(2)}%` }));
}

function trouble_callout(event) {
  const data = object(event.data);
  return el("div", { class: "callout" }, el("b", null, string(event.actor) ? el("a", { href: link_to("actors", event.actor) }, event.actor) : prose(event.kind)), " ", string(event.text),
    " ", el("span", { class: "when" }, `${clock(event.time)}${is(event.seconds) ? ", after " + duration(event.seconds) : ""}`),
    array(data.log).length ? el("details", null, el("summary", null, "last log lines"), el("pre", { class: "mono" }, data.log.map(string).join("\n"))) : null);
}

// An alarm that stands: whom it is of, why, since when, and what to look at.
function alarm_callout(alarm) {
  const text = string(alarm.text), actor = string(alarm.actor);
  return el("div", { class: "callout" }, el("a", { href: link_to("actors", actor) }, actor), text.startsWith(actor) ? text.slice(actor.length) : " " + text,
    el("div", { class: "when" }, `Since ${duration(alarm.seconds)} of the run${alarm.times > 1 ? `, ${whole(alarm.times)} times` : ""}. Look at ${string(alarm.look)}.`));
}

// Those who wait for something particular, and not just for messages; the longest first.
function longest_waits(actors) {
  return actors.filter(a => string(a.waiting_for) && a.waiting_for !== "messages" && a.state !== "dead" && is(a.waiting_seconds)).sort((a, b) => b.waiting_seconds - a.waiting_seconds).slice(0, 6);
}

class NowView {
  constructor(place) {
    this.head = el("div", { class: "headline" });
    this.alarms = el("section", { "aria-label": "Alarms", "aria-live": "polite" });
    this.tiles = el("section", { "aria-label": "Figures" });
    this.troubles = el("section", { "aria-label": "What went wrong" });
    this.waits = el("section", { "aria-label": "Who waits longest" });
    this.charts = el("section", { "aria-label": "Curves" });
    this.curves = new Curves([], () => this.draw_curves());
    this.asking = new Latest();
    this.loading = new Pace(0, () => this.load());
    this.pace = new Pace(300, () => this.load_troubles());
    place.append(this.head, this.alarms, this.tiles, this.charts, this.troubles, this.waits);
    this.draw();
    this.loading.ask();
    this.pace.ask();
  }

  async load() {
    try {
      const points = new Map((await this.curves.load()).map(m => [m.name, m.points]));
      const job = object(watched.job);
      const warm = job.stage_kind === "warm_start" || points.has("warm_start_loss") && !points.has("score");
      this.cards = now_cards.map(([title, names, more]) => ({ title, names, more })).filter(card => card.title !== "Warm start" || warm || points.has("warm_start_loss"));
      if (warm) this.cards.sort((a, b) => (b.title === "Warm start") - (a.title === "Warm start"));
      if (job.kind === "graph" && !points.size) this.cards = [];
      this.curves.names = this.cards.flatMap(card => card.names);
      await this.curves.load();
      this.draw_curves();
    } catch (error) {
      put_into(this.charts, failure_note(error));
      throw error;
    }
  }

  async load_troubles() {
    try {
      const { events } = await this.asking.ask("events", { kind: "exit,alarm,swap_failed", limit: 5 });
      put_into(this.troubles, (!events.length ? [] : [el("h2", null, "What went wrong"),
        el("p", { class: "about" }, "The latest deaths, alarms and failed swaps, also those that the run recovered from. ", el("a", { href: link_to("events", "", { kind: "exit,alarm,swap_failed" }) }, "All of them")), events.map(trouble_callout)]));
    } catch (error) {
      put_into(this.troubles, failure_note(error));
      throw error;
    }
  }

  draw() {
    const job = watched.job;
    if (!job) return put_into(this.head, el("h1", null, "Tramontane"), el("p", { class: "lead" }, "No job is known yet."));
    put_into(this.head, el("h1", null, string(job.name) || job.id), el("p", { class: "lead" }, job_sentence(job)), this.waiting = el("p", { class: "waiting" }), progress(job));
    this.draw_alarms(job);
    put_into(this.tiles, job_tiles(job));
    this.draw_waits();
    return null;
  }

  // Drawn anew only where they are others, so that nobody is told the same again.
  draw_alarms(job) {
    const now = JSON.stringify(array(job.alarms_now));
    if (now === this.alarms_drawn) return;
    this.alarms_drawn = now;
    const rows = array(job.alarms_now);
    put_into(this.alarms, rows.length ? [el("h2", null, job.live ? "Alarms" : "Alarms that stood at the end"), rows.map(alarm_callout)] : []);
  }

  draw_waits() {
    const waits = watched.live ? longest_waits(watched.actors) : [];
    const rows = waits.map(a => el("tr", null, el("td", null, el("a", { href: link_to("actors", a.name) }, a.name)), el("td", null, a.waiting_for), el("td", { class: "number" }, age(a.waiting_seconds))));
    const first = waits[0];
    if (this.waiting) this.waiting.textContent = first ? `Longest wait: ${first.name}, for ${first.waiting_for}, ${age(first.waiting_seconds)}` : watched.live ? "Nobody waits for anything but messages." : "";
    if (!rows.length) return put_into(this.waits);
    if (!this.waits.firstChild)
      put_into(this.waits, el("h2", null, "Who waits longest"), el("div", { class: "card" }, el("table", { class: "waits" },
        el("thead", null, el("tr", null, ["actor", "for", "since"].map((name, i) => el("th", { scope: "col", class: i === 2 ? "number" : null }, name)))), el("tbody"))));
    return this.waits.querySelector("tbody").replaceChildren(...rows);
  }

  draw_curves() {
    if (!this.cards || !this.cards.length) return;
    const all = this.cards.map(({ title, names, more }) => curve_chart(title, this.curves, names, more));
    if (!this.drawn) {
      this.drawn = all.map(chart => new Chart(chart, `now-${chart.x}`));
      put_into(this.charts, el("h2", null, "Curves"), el("p", { class: "about" }, "By step. Point at one, or go along it by arrow keys; a click or Enter opens the batch of that step. ", el("a", { href: link_to("metrics") }, "All metrics")),
        el("div", { class: "charts" }, this.drawn.map(chart => chart.card)));
    } else this.drawn.forEach((chart, i) => chart.update(all[i]));
  }

  hear(kind) {
    this.curves.hear(kind);
    if (kind === "job") this.draw();
    if (kind === "actors") this.draw_waits();
    if (["exit", "alarm", "alarm_over", "swap_failed"].includes(kind)) this.pace.ask();
  }

  close() { this.loading.close(); this.pace.close(); this.curves.close(); this.asking.close(); (this.drawn || []).forEach(chart => chart.close()); }
}
