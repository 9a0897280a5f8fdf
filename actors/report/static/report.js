// The page, section by section, from the data of one run.

const data = object(JSON.parse(document.getElementById("data").textContent || "{}"));
const run = object(data.run);
const summary = object(data.summary);
const steps = object(data.steps);
const warm = object(data.warm);
const evaluations = array(data.evaluations).map(object);
const colours = ["var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)", "var(--c6)"];

function column(name, of = steps) { return array(of[name]); }
function most(values) { return values.filter(is).reduce((a, b) => is(a) ? Math.max(a, b) : b, NaN); }
function evaluation(label) { return evaluations.filter(e => e.label === label).pop(); }

const before = first_of(summary.heldout_before, object(evaluation("before")).sampled);
const latest = evaluations.filter(e => e.label === "during" || e.label === "after").pop();
const after = first_of(summary.heldout_after, object(evaluation("after")).sampled, object(latest).sampled);
const forced = first_of(summary.heldout_forced_thinking, object(evaluation("forced_thinking")).sampled);
const ended = data.summary !== null && data.summary !== undefined;
const finished = ended && (summary.stopped || "finished") === "finished";

function put(id, ...content) { document.getElementById(id).replaceChildren(...content.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false)); }

// ---- header ----------------------------------------------------------------------------------

function headline() {
  const problems = is(run.heldout) ? ` of ${whole(run.heldout)} held-out problems` : " of the held-out problems";
  const time = first_of(summary.reinforce_seconds, summary.seconds);
  if (is(before) && is(after)) {
    const what = after >= before ? "rose" : "fell";
    return `The share${problems} solved ${what} from ${percent(before)} to ${percent(after)}` + (is(time) ? ` in ${duration(time)} of reinforcement.` : ".");
  }
  if (is(after) || is(before)) return `The policy solves ${percent(first_of(after, before))}${problems}.`;
  return "No held-out evaluation has been made yet.";
}

function standing() {
  if (finished) return null;
  const at = last(column("at"));
  const of = array(data.stages).map(object).filter(s => s.kind === "reinforce").reduce((sum, s) => sum + (is(s.steps) ? s.steps : 0), 0);
  const where = is(at) ? `${whole(at)} of ${whole(of || NaN)} reinforcement steps are done` : "reinforcement has not begun";
  const why = ended ? `The run was ${prose(summary.stopped)}${summary.reason ? " (" + summary.reason + ")" : ""}` : "The run has not ended, or was cut off";
  return el("p", { class: "note" }, `${why}: ${where}.`);
}

// The parts of what is solved after reinforcement, the gain split where that is known.
function gain_parts() {
  const parts = [{ name: "before", text: "before reinforcement", from: 0, to: before }];
  if (is(forced) && forced > before && forced <= after)
    parts.push({ name: "thinking", text: "choosing to think", from: before, to: forced }, { name: "working", text: "better working", from: forced, to: after });
  else parts.push({ name: "working", text: "gained", from: before, to: after });
  return parts.map(part => ({ ...part, value: part.name === "before" ? percent(before, 1) : signed(points(part.from, part.to), 1) + "\u00a0points" }));
}

function gain() {
  if (![before, after].every(is) || !(after > before)) return null;
  const parts = gain_parts();
  return el("div", { class: "gain" },
    el("div", { class: "track", role: "img", "aria-label": "held-out pass@1: " + parts.map(p => `${p.text} ${p.value}`).join(", ") },
      parts.map(p => el("div", { class: "part " + p.name, style: `width:${(100 * (p.to - p.from)).toFixed(1)}%` }))),
    el("div", { class: "ruler" }, el("span", null, "0"), el("span", null, "held-out pass@1, sampled"), el("span", null, "1")),
    el("div", { class: "legend" }, parts.map(p => el("span", null, el("i", { class: "swatch " + p.name }), p.text, el("b", null, p.value)))));
}

function explanation() {
  if (![before, after, forced].every(is)) return null;
  const made = ["Made to think, the warm-started policy already solved ", el("b", null, percent(forced, 1)), " of them. "];
  const rest = points(forced, after);
  if (!(forced > before && after > before)) return el("p", { class: "lead" }, made);
  if (rest < 0) return el("p", { class: "lead" }, made, `After reinforcement it is ${fixed(-rest, 1)} percentage points below that.`);
  return el("p", { class: "lead" }, made, "So of the gain of ", el("b", null, fixed(points(before, after), 1)), " percentage points ",
    el("b", null, fixed(points(before, forced), 1)), " are choosing to think and ", el("b", null, fixed(rest, 1)), " are better working.");
}

function header() {
  const name = string(run.name) || "run";
  document.title = `${name} · Tramontane`;
  const facts = [is(run.parameters) ? whole(run.parameters) + " parameters" : null, is(run.seed) ? "seed " + run.seed : null,
    string(run.machine) || null, string(run.isa) || null, string(run.started).replace("T", " ").replace("Z", " UTC") || null].filter(Boolean);
  put("header", el("div", { class: "kicker" }, el("b", null, name), facts.map(f => " · " + f)), el("h1", null, headline()),
    explanation(), gain(), standing(), array(data.notes).map(n => el("p", { class: "note" }, string(n))),
    array(data.resumed).map(object).map(r => el("p", { class: "note" }, `Resumed from version ${whole(r.resumed_from)} after ${duration(r.seconds)}.`)));
}

// ---- alarms and exits ------------------------------------------------------------------------

function alarms() {
  const callout = (e, title, text, more) => el("div", { class: "callout" }, el("b", null, title), text ? " " + text : "", " ",
    el("span", { class: "when" }, "after " + duration(e.seconds)), more);
  const log = e => array(e.log).length ? el("details", null, el("summary", null, "last log lines"), el("pre", { class: "mono" }, array(e.log).map(string).join("\n"))) : null;
  const found = [
    ...array(data.alarms).map(object).map(e => callout(e, "Alarm.", string(e.text) + (string(e.look) ? `. Look at ${e.look}` : "") + (is(e.lasted_seconds) ? ` (over after ${duration(e.lasted_seconds)})` : string(e.rule) ? " (it stood to the end)" : ""))),
    ...array(data.exits).map(object).map(e => callout(e, `${string(e.actor) || "An actor"} exited:`, [prose(e.cause), string(e.text), e.holding ? "held " + string(e.holding) : ""].filter(Boolean).join("; "), log(e))),
    ...array(data.swaps_failed).map(object).map(e => callout(e, `${string(e.generator)} did not take version ${whole(e.version)}:`, string(e.reason) + "; it kept its weights")),
  ];
  if (found.length) put("alarms", el("h2", null, "What went wrong"), el("p", { class: "about" }, "Every exit and alarm is kept, also those the run recovered from."), found);
}

// ---- tiles -----------------------------------------------------------------------------------

function tiles() {
  const tile = (name, value, more, tone) => el("div", { class: "tile" }, el("div", { class: "name" }, name),
    el("div", { class: "value " + (tone || "") }, value), el("div", { class: "more" }, more || ""));
  const gap = first_of(summary.log_prob_gap_max, most(column("log_prob_gap_max")));
  const mean = name => { const v = column(name).filter(is); return v.length ? v.reduce((a, b) => a + b, 0) / v.length : NaN; };
  const greedy = [first_of(summary.greedy_before, object(evaluation("before")).greedy), first_of(summary.greedy_after, object(evaluation("after")).greedy, object(latest).greedy)];
  const stall = array(data.generators).map(object);
  const rollouts = first_of(summary.rollouts, object(data.totals).rollouts);
  const resumed = object(data.rollouts).resumed;
  const spanning = first_of(summary.sequences_spanning_a_swap, object(data.totals).spanning_rollouts);
  if (!run.name && !ended && !column("at").length) return;
  put("tiles", el("div", { class: "tiles" },
    tile("held-out, sampled", percent(after), is(before) ? `${percent(before)} before` : ""),
    tile("held-out, greedy", percent(greedy[1]), is(greedy[0]) ? `${percent(greedy[0])} before` : ""),
    tile("reinforcement", [whole(first_of(summary.steps, last(column("at")))), el("small", null, " steps")], is(last(column("version"))) ? `weight version ${whole(last(column("version")))}` : ""),
    tile("time", duration(first_of(summary.seconds, last(column("seconds")), last(column("seconds", warm)))), is(summary.reinforce_seconds) ? `${duration(summary.reinforce_seconds)} of it reinforcement` : ""),
    tile("rollouts", whole(rollouts), [is(spanning) ? `${whole(spanning)} span several versions` : null, resumed > 0 ? `${whole(resumed)} gone on with after their writer had ended` : null].filter(Boolean).join("; ")),
    tile("weight swaps", whole(first_of(summary.swaps, object(data.swaps).total)), `stall p50 ${micros(first_of(summary.swap_stall_us_p50, object(stall[0]).stall_us_p50))}, p99 ${micros(first_of(summary.swap_stall_us_p99, object(stall[0]).stall_us_p99))}`),
    tile("log-prob gap", is(gap) ? gap === 0 ? "0" : gap.toExponential(1) : dash, gap === 0 ? "generator and trainer agree bit for bit" : is(gap) ? "largest between generator and trainer" : "not audited", gap === 0 ? "good" : gap > 0 ? "bad" : ""),
    tile("largest lag", [whole(first_of(summary.lag_max, most(column("lag_max")))), el("small", null, " versions")], is(run.max_lag) ? `bound ${whole(run.max_lag)}` : ""),
    tile("generator busy", percent(first_of(summary.generator_busy, mean("generator_busy"))), `trainer ${percent(first_of(summary.trainer_busy, mean("trainer_busy")))}`),
    tile("generated", [count(first_of(summary.tokens_per_second, mean("tokens_per_second"))), el("small", null, " tokens/s")], is(run.cores) ? `${whole(run.cores)} ${run.cores === 1 ? "core" : "cores"}` : "")));
}

// ---- curves ----------------------------------------------------------------------------------

function series(name, key, index, more) { return { name, colour: colours[index], x: column("at"), y: column(key), ...more }; }

function step_of(e) { return first_of(e.step, e.version); }

function heldout(key) {
  const reinforcing = evaluations.filter(e => ["before", "during", "after"].includes(e.label));
  // Several evaluations of one step (the last of the run, then "after"): the later one counts.
  const by_step = new Map(reinforcing.map(e => [e.label === "before" ? 0 : step_of(e), e[key]]));
  return { x: [...by_step.keys()], y: [...by_step.values()], dots: 3.5, joined: true };
}

function lag_series() {
  const lags = array(steps.lags).map(array);
  const most = Math.max(0, ...lags.map(l => l.length));
  const sums = lags.map(l => l.reduce((a, b) => a + (is(b) ? b : 0), 0));
  return Array.from({ length: most }, (_, lag) => ({ name: lag === 0 ? "current" : `lag ${lag}`, colour: colours[lag % colours.length], x: column("at"),
    y: lags.map((l, i) => sums[i] > 0 ? (is(l[lag]) ? l[lag] : 0) / sums[i] : NaN), show: v => percent(v, 1) }));
}

function warm_marks() {
  const stage = column("stage", warm);
  return column("at", warm).flatMap((x, i) => i > 0 && stage[i] !== stage[i - 1] ? [{ x, text: "next stage →" }] : []);
}

function curves() {
  const percents = { format: v => percent(v), bottom: 0, top: 1 };
  const held = (name, key, index, more) => ({ name, colour: colours[index], ...heldout(key), ...more });
  const by_step = [
    { title: "Correct", unit: "share of completions", wide: true, from: 0, ...percents, series: [series("batch", "correct", 0, { thin: true }), series("batch, moving average", "correct_average", 0), held("held-out, sampled", "sampled", 1), held("held-out, greedy", "greedy", 2, { dashed: true })] },
    { title: "Reward", unit: "mean score", bottom: 0, top: 1, from: 0, series: [series("score", "score", 0)] },
    { title: "Completion length", unit: "tokens", bottom: 0, from: 0, series: [series("batch", "tokens_mean", 0), held("held-out", "tokens_mean", 1)] },
    { title: "Chooses to think", unit: "share of completions", from: 0, ...percents, series: [series("batch", "thinking_share", 0), held("held-out", "thinking_share", 1)] },
    { title: "Entropy", unit: "nats per token", bottom: 0, from: 0, series: [series("entropy", "entropy", 0)] },
    { title: "Lag of trained tokens", unit: "share of tokens by versions behind", from: 0, ...percents, fixed_top: true, stacked: true, series: lag_series() },
    { title: "Clipped", unit: "share of tokens", bottom: 0, from: 0, format: v => percent(v, 2), series: [series("below 1 − ε", "clip_low_share", 0), series("above 1 + ε", "clip_high_share", 1)] },
    { title: "Effective sample size", unit: "1 = on-policy", top: 1, from: 0, fixed_top: true, format: v => fixed(v, 3), series: [series("effective sample size", "effective_sample_size", 0)] },
    { title: "Log-prob gap", unit: "largest between generator and trainer at equal version", bottom: 0, least: 1e-6, from: 0, series: [series("gap", "log_prob_gap_max", 0, { show: v => v === 0 ? "0, bit for bit" : v.toExponential(2) })] },
    { title: "Mismatch KL", unit: "of the trained policy from the behaviour, nats", bottom: 0, from: 0, series: [series("mismatch KL", "mismatch_kl", 0)] },
    { title: "Groups", unit: "per batch", bottom: 0, from: 0, format: whole, series: [series("with contrast", "groups_kept", 0), series("without contrast", "groups_without_contrast", 1)] },
    { title: "Busy", unit: "share of time", from: 0, ...percents, series: [series("generators", "generator_busy", 0), series("trainer", "trainer_busy", 1)] },
    { title: "Throughput", unit: "generated tokens per second", bottom: 0, from: 0, format: count, series: [series("tokens/s", "tokens_per_second", 0)] },
    { title: "Cut off at the length limit", unit: "share of completions", bottom: 0, least: 0.01, from: 0, format: v => percent(v, 1), series: [series("cut off", "truncated_share", 0)] },
    { title: "Gradient norm", unit: "before clipping", bottom: 0, from: 0, series: [series("gradient norm", "gradient_norm", 0)] },
  ];
  if (!column("at").length && !column("at", warm).length)
    return put("curves", el("h2", null, "Curves"), el("p", { class: "note" }, "No step has been taken yet."));
  const charts = !column("at").length ? [] : by_step.map(chart => make_chart({ x: "step", x_format: whole, ...chart }, "steps"));
  const warm_chart = make_chart({ title: "Warm start", wide: true, unit: "loss, nats per token", x: "warm-start step", x_format: whole, bottom: 0, from: 0, marks: warm_marks(),
    series: [{ name: "loss", colour: colours[0], x: column("at", warm), y: column("loss", warm) }] });
  put("curves", el("h2", null, "Curves"), el("p", { class: "about" }, "By reinforcement step, that is by weight version. Point anywhere: all of them show the same step."),
    el("div", { class: "charts" }, charts, warm_chart));
}

// ---- swaps -----------------------------------------------------------------------------------

function swaps() {
  const all = object(data.swaps);
  const which = array(all.generator);
  const generators = array(data.generators).map(object);
  const shown = which.length;
  const per_generator = generators.map((g, i) => ({ name: g.name, colour: colours[i % colours.length], dots: 2.6,
    x: array(all.seconds).filter((_, k) => which[k] === i), y: array(all.stall_us).filter((_, k) => which[k] === i) }));
  if (!shown) return;
  const few = first_few(per_generator, 6, "generators");
  const chart = make_chart({ title: "Swap timeline", unit: "stall of the decoding generator", x: "seconds", x_format: v => fixed(v, 1), wide: true, logarithmic: true, format: micros, series: few.shown, none: "no swap yet" });
  put("swaps", el("h2", null, "Weight swaps"),
    el("p", { class: "about" }, "New weights are checked against their fingerprint beside a generator that goes on writing; the stall is what the flip between two tokens costs it.",
      shown < all.total ? ` The timeline shows ${whole(shown)} of ${whole(all.total)} swaps, evenly chosen.` : ""),
    few.note, el("div", { class: "charts" }, chart), generators.length ? el("div", { class: "card below" }, table([
      { name: "generator", of: g => string(g.name) }, { name: "swaps", number: true, of: g => whole(g.swaps) },
      { name: "stall p50", number: true, of: g => micros(g.stall_us_p50) }, { name: "stall p99", number: true, of: g => micros(g.stall_us_p99) },
      { name: "stall max", number: true, of: g => micros(g.stall_us_max) }, { name: "verify p50", number: true, of: g => micros(g.verify_us_p50) },
      { name: "prepare p50", number: true, of: g => micros(g.prepare_us_p50) }], generators, { label: "Swaps by generator" })) : null);
}

// ---- evaluations and examples ----------------------------------------------------------------

function evaluation_table() {
  if (!evaluations.length) return;
  const { shown: kinds, note: kinds_note } = first_few([...new Set(evaluations.flatMap(e => Object.keys(object(e.by_kind))))], 12, "kinds of problem");
  const majority = evaluations.find(e => is(e.majority));
  // Those that took several samples of each problem.
  const { shown: many, note: many_note } = first_few(evaluations.filter(e => Object.keys(object(e.pass_at)).length > 1).reverse(), 6, "evaluations with several samples, the latest,");
  many.reverse();
  const at_k = many.map((e, i) => ({ name: `${prose(e.label)}, version ${whole(e.version)}`, colour: colours[i % colours.length], dots: 2.6,
    x: Object.keys(object(e.pass_at)).map(Number), y: Object.values(object(e.pass_at)) }));
  const chart = many.length ? make_chart({ title: "pass@k", unit: "share of problems that one of k samples solves", x: "k", x_format: whole, from: 1, format: v => percent(v), bottom: 0, top: 1, series: at_k }) : null;
  put("evaluations", el("h2", null, "Held-out evaluations"),
    el("p", { class: "about" }, "On problems that were never trained on, at a fixed weight version", kinds.length ? "; by kind of problem: sampled pass@1." : "."),
    kinds_note, el("div", { class: "card" }, table([
      { name: "when", of: e => prose(e.label) }, { name: "step", number: true, of: e => whole(step_of(e)) }, { name: "version", number: true, of: e => whole(e.version) },
      { name: "problems", number: true, of: e => whole(e.problems) }, { name: "sampled", number: true, of: e => fixed(e.sampled, 3) }, { name: "greedy", number: true, of: e => fixed(e.greedy, 3) },
      ...(majority ? [{ name: `maj@${whole(majority.majority_samples)}`, number: true, of: e => fixed(e.majority, 3) }] : []),
      { name: "thinks", number: true, of: e => percent(e.thinking_share) }, { name: "tokens", number: true, of: e => fixed(e.tokens_mean, 1) },
      ...kinds.map(k => ({ name: k, number: true, of: e => fixed(object(e.by_kind)[k], 2) }))], evaluations, { row_class: e => e.label === "during" ? null : "strong", label: "Held-out evaluations" })),
    many_note, chart ? el("div", { class: "charts below" }, chart) : null);
}

function examples() {
  const left = array(object(evaluation("before")).examples).map(object);
  const right = array(object(evaluation("after") || latest).examples).map(object);
  const pairs = left.flatMap(a => right.filter(b => b.prompt === a.prompt).slice(0, 1).map(b => [a, b]));
  if (!pairs.length) return;
  pairs.sort(([a, b], [c, d]) => (d.correct && !c.correct) - (b.correct && !a.correct));
  const side = (name, e) => el("div", { class: "mono" }, el("small", { class: "narrow" }, name), verdict_mark(e), string(e.completion) || dash);
  const few = first_few(pairs, 12, "problems");
  put("examples", el("h2", null, "Before and after"), el("p", { class: "about" }, "The same held-out problems, before and after reinforcement."), few.note,
    el("div", { class: "card" }, el("div", { class: "pair head" }, el("span", null, "problem"), el("span", null, "before"), el("span", null, "after")),
      few.shown.map(([a, b]) => el("div", { class: "pair" }, el("div", { class: "mono" }, string(a.prompt), el("small", null, "gold " + string(a.answer))), side("before", a), side("after", b)))));
}

// ---- the rest --------------------------------------------------------------------------------

function checkpoints() {
  const rows = array(data.checkpoints).map(object);
  if (!rows.length) return;
  put("checkpoints", el("h2", null, "Checkpoints"), el("p", { class: "about" }, "Written whole, then renamed. The best and the newest are kept; older ones may be gone."),
    el("div", { class: "card" }, table([{ name: "version", number: true, of: c => whole(c.version) }, { name: "after", number: true, of: c => duration(c.seconds) },
      { name: "size", number: true, of: c => bytes(c.bytes) }, { name: "took", number: true, of: c => micros(c.took_seconds * 1e6) }, { name: "best", of: c => c.best ? "best so far" : "" },
      { name: "folder", of: c => el("span", { class: "mono" }, string(c.folder)) }], rows, { label: "Checkpoints" })));
}

function job() {
  if (typeof data.job !== "string") return put("job", el("h2", null, "Job graph"), el("p", { class: "note" }, "job.yaml is not in the run directory."));
  put("job", el("h2", null, "Job graph"), el("details", null, el("summary", null, "the resolved graph, defaults included"), el("div", { class: "card" }, el("pre", { class: "mono" }, data.job))));
}

function contents() {
  const links = [...document.querySelectorAll("section")].filter(s => s.id && s.querySelector("h2"))
    .map(s => el("a", { href: "#" + s.id }, s.querySelector("h2").textContent));
  put("contents", links);
}

// A section that fails must not take the others with it.
function section(id, make) {
  try { make(); } catch (error) { put(id, el("p", { class: "note" }, `This section could not be drawn: ${error.message}`)); console.error(error); }
}

section("header", header);
section("alarms", alarms);
section("tiles", tiles);
section("curves", curves);
section("swaps", swaps);
section("evaluations", evaluation_table);
section("examples", examples);
section("rollouts", () => put("rollouts", rollout_section(object(data.rollouts))));
section("checkpoints", checkpoints);
section("job", job);
contents();
put("footer", [string(run.run), summary.fingerprint ? `version ${whole(summary.final_version)}, fingerprint ${summary.fingerprint}` : "", "Written by Tramontane. This page needs no network."].filter(Boolean).join(" · "));
