// One rollout: what is known of it, its text, its verdict with the evidence.

function verdict_name(rollout) {
  if (string(rollout.no_verdict)) return "no verdict";
  return rollout.score === null ? "not judged" : rollout.correct ? "right" : "wrong";
}

function verdict_mark(rollout) {
  const [mark, tone] = { "no verdict": ["?", ""], "not judged": ["…", ""], right: ["✓", " good"], wrong: ["✗", " bad"] }[verdict_name(rollout)];
  return el("span", { class: "verdict" + tone, role: "img", "aria-label": verdict_name(rollout) }, mark);
}

function versions_text(rollout) {
  const versions = versions_of(rollout);
  return versions.length > 1 ? `v${versions[0]}→${versions[versions.length - 1]}` : versions.length ? `v${versions[0]}` : "";
}

function verdict_table(rollout) {
  if (string(rollout.no_verdict)) return el("p", { class: "note" }, "No verdict: " + rollout.no_verdict);
  if (verdict_name(rollout) === "not judged") return el("p", { class: "note" }, "It has not been judged yet.");
  return table([
    { name: "component", of: c => string(c.name) },
    { name: "value", number: true, of: c => fixed(c.value, 3) },
    { name: "evidence", of: c => el("span", { class: "mono" }, string(c.evidence)) },
  ], array(rollout.components).map(object), { label: "Verdict" });
}

function swaps_text(rollout) {
  const swaps = versions_of(rollout).length - 1;
  const fresh = array(rollout.spans).some((s, i) => i > 0 && s.fresh);
  return `The weights were swapped ${["", "once", "twice"][swaps] || swaps + " times"} while this was being written` +
    (fresh ? "; keys and values were computed anew." : "; its cache of keys and values was kept.");
}

function fact(name, value) { return el("span", null, name + " ", el("b", null, value)); }

function rollout_facts(rollout) {
  const log_probs = array(rollout.log_probs).filter(is);
  const mean = log_probs.reduce((sum, v) => sum + v, 0) / log_probs.length;
  return el("div", { class: "facts" },
    fact("gold", string(rollout.answer) || dash), fact("score", is(rollout.score) ? fixed(rollout.score, 2) : dash),
    is(rollout.advantage) ? fact("advantage", signed(rollout.advantage, 3)) : null,
    is(rollout.step) ? fact("trained in step", whole(rollout.step + 1)) : null, fact("group", whole(rollout.group)), fact("sample", whole(rollout.sample)),
    fact("tokens", whole(rollout.length)), fact("ended by", rollout.finish === "length" ? "the length limit" : rollout.finish === "running" ? "nothing yet" : prose(rollout.finish) || dash),
    fact("mean log-prob", fixed(mean, 3)));
}

// `mode` is one of `overlays`; set_mode(mode) is told when another is chosen. `level` is the
// heading's.
function rollout_detail(rollout, mode, set_mode, level = "h3") {
  const shown = array(rollout.tokens).length;
  const known = Object.keys(overlays).filter(name => !overlays[name].when || overlays[name].when(rollout));
  const by = known.includes(mode) ? mode : known[0];
  const modes = el("select", { "aria-label": "Colour by", onchange: event => set_mode(event.target.value) },
    known.map(name => el("option", { value: name, selected: name === by }, "colour by " + name)));
  return el("div", { class: "card detail" },
    el("div", { class: "head" }, el(level, null, verdict_mark(rollout), `rollout ${whole(rollout.id)}`), modes),
    rollout_facts(rollout), completion(rollout, by),
    shown < rollout.length ? el("p", { class: "note" }, `The first ${whole(shown)} of ${plural(rollout.length, "token")}.`) : null,
    el("div", { class: "legend" }, overlays[by].legend(rollout)),
    versions_of(rollout).length > 1 ? el("p", { class: "about" }, swaps_text(rollout)) : null,
    el(level === "h2" ? "h3" : "h4", { class: "part" }, "Verdict"), verdict_table(rollout));
}
