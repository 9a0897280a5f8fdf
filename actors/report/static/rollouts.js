// The rollout viewer: a filtered list, and one completion coloured by weight version.

const version_colours = ["var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c6)", "var(--c5)"];

function versions_of(rollout) { return [...new Set(array(rollout.spans).map(s => s.version))]; }

let vocabulary = {};

function token_text(token) {
  const text = vocabulary[token];
  return typeof text === "string" ? { text, known: true } : { text: ` ${token}`, known: false };
}

function span_at(rollout, place) { return array(rollout.spans).find(s => place >= s.begin && place < s.end); }

function token_tip(rollout, place) {
  const token = rollout.tokens[place];
  const span = object(span_at(rollout, place));
  const log_prob = rollout.log_probs[place];
  const { text, known } = token_text(token);
  return [
    el("div", { class: "mono" }, known ? JSON.stringify(text) : `token ${token}`),
    tip_row("position", place), tip_row("token id", token),
    tip_row("log-prob", is(log_prob) ? fixed(log_prob, 5) : dash),
    tip_row("probability", is(log_prob) ? percent(Math.exp(log_prob), 1) : dash),
    tip_row("version", is(span.version) ? whole(span.version) : dash),
    tip_row("fingerprint", string(span.fingerprint) || dash),
  ];
}

function token_style(rollout, place, versions, mode) {
  const span = span_at(rollout, place);
  if (mode === "log-prob") {
    const log_prob = rollout.log_probs[place];
    const doubt = is(log_prob) ? Math.min(1, -log_prob / 3) : 0;
    return `background:color-mix(in srgb, var(--c2) ${(doubt * 80).toFixed(0)}%, transparent)`;
  }
  if (!span) return "";
  const colour = version_colours[versions.indexOf(span.version) % version_colours.length];
  return `background:color-mix(in srgb, ${colour} var(--tint), transparent)`;
}

function completion(rollout, mode) {
  const versions = versions_of(rollout);
  const out = el("div", { class: "text" }, el("span", { class: "prompt" }, string(rollout.prompt)));
  array(rollout.tokens).forEach((token, place) => {
    const { text, known } = token_text(token);
    const special = !known || /^<.*>$/s.test(text);
    const edge = place > 0 && object(span_at(rollout, place)).version !== object(span_at(rollout, place - 1)).version;
    out.append(el("span", {
      class: "token" + (special ? " special" : "") + (edge ? " edge" : ""), "data-place": place,
      style: token_style(rollout, place, versions, mode),
    }, known && text.trim() === "" ? text.replaceAll("\n", "↵\n").replaceAll("\t", "⇥\t") : text));
  });
  const point = event => {
    const place = event.target.dataset ? event.target.dataset.place : undefined;
    if (place === undefined) hide_tip(); else show_tip(event, token_tip(rollout, Number(place)));
  };
  out.addEventListener("pointermove", point);
  out.addEventListener("pointerdown", point);
  out.addEventListener("pointerleave", hide_tip);
  return out;
}

function version_legend(rollout, mode) {
  if (mode === "log-prob")
    return el("div", { class: "legend" }, el("span", null, el("i", { class: "swatch", style: "background:color-mix(in srgb, var(--c2) 80%, transparent)" }), "unlikely (log-prob −3 or less)"),
      el("span", null, el("i", { class: "swatch", style: "border:1px solid var(--line)" }), "certain"));
  return el("div", { class: "legend" }, versions_of(rollout).map((version, i) => {
    const tokens = array(rollout.spans).filter(s => s.version === version).reduce((sum, s) => sum + s.end - s.begin, 0);
    const colour = version_colours[i % version_colours.length];
    return el("span", null, el("i", { class: "swatch", style: `background:color-mix(in srgb, ${colour} 60%, transparent)` }),
      `version ${whole(version)}: ${whole(tokens)} ${tokens === 1 ? "token" : "tokens"}`);
  }));
}

function verdict_mark(rollout) {
  if (string(rollout.no_verdict)) return el("span", { class: "verdict" }, "?");
  return rollout.correct ? el("span", { class: "verdict good" }, "✓") : el("span", { class: "verdict bad" }, "✗");
}

function verdict_table(rollout) {
  if (string(rollout.no_verdict)) return el("p", { class: "note" }, "No verdict: " + rollout.no_verdict);
  return table([
    { name: "component", of: c => string(c.name) },
    { name: "value", number: true, of: c => fixed(c.value, 3) },
    { name: "evidence", of: c => el("span", { class: "mono" }, string(c.evidence)) },
  ], array(rollout.components).map(object));
}

function rollout_detail(rollout, mode, set_mode) {
  const versions = versions_of(rollout);
  const shown = array(rollout.tokens).length;
  const mean = array(rollout.log_probs).filter(is).reduce((sum, v, _, all) => sum + v / all.length, 0);
  const fact = (name, value) => el("span", null, name + " ", el("b", null, value));
  const modes = el("select", { "aria-label": "Colour by", onchange: event => set_mode(event.target.value) },
    ["version", "log-prob"].map(m => el("option", { value: m, selected: m === mode }, "colour by " + m)));
  return el("div", { class: "card detail" },
    el("div", { class: "filters", style: "justify-content:space-between;margin-bottom:0" },
      el("h3", { style: "margin:0" }, verdict_mark(rollout), `rollout ${whole(rollout.id)}`), modes),
    el("div", { class: "facts" },
      fact("answer", string(rollout.answer) || dash), fact("score", is(rollout.score) ? fixed(rollout.score, 2) : "no verdict"),
      fact("trained in step", whole(rollout.step + 1)), fact("group", whole(rollout.group)), fact("sample", whole(rollout.sample)),
      fact("tokens", whole(rollout.length)), fact("ended by", rollout.finish === "length" ? "the length limit" : prose(rollout.finish)),
      fact("mean log-prob", fixed(mean, 3))),
    completion(rollout, mode),
    shown < rollout.length ? el("p", { class: "note" }, `The first ${whole(shown)} of ${whole(rollout.length)} tokens.`) : null,
    version_legend(rollout, mode),
    versions.length > 1 ? el("p", { class: "about", style: "margin:10px 0 0" },
      `The weights were swapped ${["", "once", "twice"][versions.length - 1] || versions.length - 1 + " times"} while this was being written` +
      (array(rollout.spans).some((s, i) => i > 0 && s.fresh) ? "; keys and values were computed anew." : "; its cache of keys and values was kept.")) : null,
    el("h3", null, "Verdict"), verdict_table(rollout));
}

function rollout_viewer(data) {
  const page = object(data.rollouts);
  const items = array(page.items).map(object);
  vocabulary = object(page.vocabulary);
  const heading = [el("h2", null, "Rollouts")];
  if (!items.length) return [...heading, el("p", { class: "note" }, string(page.note) || "No rollouts to show yet.")];
  const steps = items.map(r => r.step + 1).filter(is);
  const filter = { from: Math.min(...steps), to: Math.max(...steps), score: "all", spanning: false, text: "" };
  let chosen = null;
  let mode = "version";
  const list = el("div", { class: "card list", role: "list" });
  const detail = el("div", null);
  const matches = el("span", null);

  const keeps = r => r.step + 1 >= filter.from && r.step + 1 <= filter.to &&
    (!filter.spanning || versions_of(r).length > 1) &&
    (filter.score === "all" || filter.score === (string(r.no_verdict) ? "none" : r.correct ? "right" : "wrong")) &&
    (!filter.text || string(r.prompt).includes(filter.text) || String(r.id) === filter.text);

  function choose(rollout) {
    chosen = rollout;
    for (const button of list.children) button.setAttribute("aria-current", button.rollout === chosen);
    detail.replaceChildren(chosen ? rollout_detail(chosen, mode, m => { mode = m; choose(chosen); }) : "");
  }

  function entry(rollout) {
    const versions = versions_of(rollout);
    const span = versions.length > 1 ? `v${versions[0]}→${versions[versions.length - 1]}` : versions.length ? `v${versions[0]}` : "";
    const button = el("button", { type: "button", onclick: () => choose(rollout) }, verdict_mark(rollout),
      el("span", { class: "what mono" }, string(rollout.prompt) || `rollout ${rollout.id}`),
      el("span", { class: "side" }, `step ${rollout.step + 1} · ${rollout.length} tok · ${span}`));
    button.rollout = rollout;
    return button;
  }

  function refresh() {
    const kept = items.filter(keeps);
    matches.textContent = `${kept.length} of ${items.length}`;
    list.replaceChildren(...(kept.length ? kept.map(entry) : [el("div", { class: "empty" }, "none of the sample matches")]));
    choose(kept.includes(chosen) ? chosen : kept.find(r => versions_of(r).length > 2) || kept.find(r => versions_of(r).length > 1) || kept[0] || null);
  }

  const bound = key => el("input", {
    type: "number", value: filter[key], min: Math.min(...steps), max: Math.max(...steps), "aria-label": `${key} step`,
    oninput: event => { if (is(event.target.valueAsNumber)) { filter[key] = event.target.valueAsNumber; refresh(); } },
  });
  const outcomes = el("select", { "aria-label": "Verdict", onchange: event => { filter.score = event.target.value; refresh(); } },
    [["all", "right and wrong"], ["right", "right"], ["wrong", "wrong"], ...(items.some(r => string(r.no_verdict)) ? [["none", "no verdict"]] : [])].map(([value, name]) => el("option", { value }, name)));
  const bar = el("div", { class: "filters" },
    el("label", null, "steps ", bound("from"), " to ", bound("to")), outcomes,
    el("label", null, el("input", { type: "checkbox", onchange: event => { filter.spanning = event.target.checked; refresh(); } }), "span several versions"),
    el("input", { type: "search", placeholder: "prompt or id", "aria-label": "Search", oninput: event => { filter.text = event.target.value; refresh(); } }), matches);
  refresh();
  return [...heading,
    el("p", { class: "about" }, "A sample of what was trained, spread over the run, completions that span several weight versions first. Colours are weight versions; a bar marks the token at which new weights came in. Point at a token for its log-probability."),
    string(page.note) ? el("p", { class: "note" }, page.note) : null,
    bar, el("div", { class: "viewer" }, list, detail)];
}
