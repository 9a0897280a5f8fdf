// What states, times and stages are called.

const job_words = { queued: "queued", placing: "is being started", running: "running", waiting: "waiting", finished: "finished", failed: "failed", stopped: "stopped" };

// A time of the day, with its date if that is not today's.
function clock(iso) {
  const time = new Date(iso);
  if (!iso || Number.isNaN(time.getTime())) return dash;
  const text = time.toLocaleTimeString("en-GB");
  const day = time.toLocaleDateString("en-CA");
  if (time.toDateString() === new Date().toDateString()) return text;
  return `${time.getFullYear() === new Date().getFullYear() ? day.slice(5) : day} ${text}`;
}

function age(seconds) {
  if (!is(seconds)) return "";
  if (seconds < 0.0995) return "now";
  return duration(seconds);
}

// What the job does, in a sentence.
function job_sentence(job) {
  const stage = { warm_start: "Warm start", reinforce: "Reinforcement" }[job.stage_kind] || (job.stage_kind ? prose(job.stage_kind) : "");
  const where = stage && is(job.step) ? `${stage}: step ${whole(job.step)}${is(job.steps) ? " of " + whole(job.steps) : ""}` : stage;
  const left = job.live && is(job.eta_seconds) ? `, ${duration(job.eta_seconds)} left of this stage` : "";
  if (job.live) return `${where || "It is " + (job_words[job.state] || string(job.state))}${left}.${job.reason && (job.state !== "running" || !stage) ? " " + job.reason : ""}`;
  const end = job.state === "running" || job.state === "placing" ? "Nothing works on this run any more" : `This run is ${job_words[job.state] || prose(job.state)}`;
  return `${end}${job.reason ? " (" + job.reason + ")" : ""}${where ? ". Last: " + where.charAt(0).toLowerCase() + where.slice(1) : ""}. What is shown comes from its files.`;
}

const states = {
  building: "is being made", starting: "starting", idle: "idle", handling: "handling", working: "working", stopping: "stopping",
  ending: "ending", restarting: "restarting", dead: "dead",
};

// Of a run that is over, an actor that is dead is nothing to worry about.
function state_mark(state, live = watched.live) {
  if (state === "dead" && !live) return el("span", { class: "state quiet" }, "ended");
  const tone = { handling: "busy", working: "busy", dead: "bad", restarting: "bad", ending: "bad", stopping: "bad" }[state] || "quiet";
  return el("span", { class: `state ${tone}` }, states[state] || prose(state));
}

function wait_text(actor) {
  if (actor.state === "dead") return "";
  return string(actor.waiting_for) || (actor.state === "handling" || actor.state === "working" ? "computes" : "");
}

function wait_age(actor) { return actor.state !== "dead" && string(actor.waiting_for) ? age(actor.waiting_seconds) : ""; }

function event_word(kind) { return { swap_failed: "swap failed", exit: "death" }[kind] || prose(kind); }

// A row of facts: [[name, value], …]; empty values are left out.
function facts(rows) {
  return el("dl", { class: "dl" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value))));
}

function choice(label, options, value, changed) {
  return el("label", null, el("span", null, label), el("select", { onchange: event => changed(event.target.value) },
    options.map(([key, name]) => el("option", { value: key, selected: key === value }, name))));
}

function entry(label, type, value, changed, more = {}) {
  let pause = 0;
  return el("label", null, el("span", null, label), el("input", { type, value, ...more, oninput: event => {
    clearTimeout(pause);
    pause = setTimeout(() => changed(event.target.value.trim()), 250);
  } }));
}

function tick_box(label, value, changed) {
  return el("label", { class: "tick" }, el("input", { type: "checkbox", checked: value, onchange: event => changed(event.target.checked) }), el("span", null, label));
}
