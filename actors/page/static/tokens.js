// The text of one completion, each token coloured by what wrote it or how sure that was; read by
// pointer or, as one stop of the tab key, by the arrow keys.
//
// A rollout is { id, prompt, tokens: [id], texts: [string] or none, log_probs, advantage,
// spans: [{ begin, end, version, fingerprint, fresh }], … }.

const version_colours = ["var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c6)", "var(--c5)"];

// Texts of token ids, where rollouts do not bring their own.
let vocabulary = {};

function versions_of(rollout) { return [...new Set(array(rollout.spans).map(s => s.version))]; }

function span_at(rollout, place) { return array(rollout.spans).find(s => place >= s.begin && place < s.end); }

function token_text(rollout, place) {
  const token = array(rollout.tokens)[place];
  const text = rollout.texts ? rollout.texts[place] : vocabulary[token];
  return typeof text === "string" ? { text, known: true } : { text: ` ${token}`, known: false };
}

// What a token can be coloured by: a name, its colour at a place, and the legend.
const overlays = {
  version: {
    colour(rollout, place, versions) {
      const span = span_at(rollout, place);
      return span ? `color-mix(in srgb, ${version_colours[versions.indexOf(span.version) % version_colours.length]} var(--tint), transparent)` : "transparent";
    },
    legend: rollout => versions_of(rollout).map((version, i) => {
      const tokens = array(rollout.spans).filter(s => s.version === version).reduce((sum, s) => sum + s.end - s.begin, 0);
      return swatch(`color-mix(in srgb, ${version_colours[i % version_colours.length]} 60%, transparent)`, `version ${whole(version)}: ${plural(tokens, "token")}`);
    }),
  },
  "log-prob": {
    colour(rollout, place) {
      const log_prob = array(rollout.log_probs)[place];
      return `color-mix(in srgb, var(--c2) ${is(log_prob) ? (Math.min(1, -log_prob / 3) * 70).toFixed(0) : 0}%, transparent)`;
    },
    legend: () => [swatch("color-mix(in srgb, var(--c2) 70%, transparent)", "unlikely (log-prob −3 or less)"), swatch("transparent", "certain")],
  },
  advantage: {
    when: rollout => is(rollout.advantage),
    colour: rollout => `color-mix(in srgb, var(${rollout.advantage >= 0 ? "--c3" : "--c2"}) ${Math.min(55, Math.abs(rollout.advantage) * 30).toFixed(0)}%, transparent)`,
    legend: rollout => [swatch(overlays.advantage.colour(rollout), `${signed(rollout.advantage, 3)}${rollout.advantage_note ? `, ${rollout.advantage_note}` : ""}, of every token: ${rollout.advantage >= 0 ? "made likelier" : "made less likely"}`)],
  },
};

// Of an audited rollout: what the trainer saw of each token, in the order of the tokens.
const fates = { ".": ["kept", "transparent"], "<": ["clipped below", "color-mix(in srgb, var(--c1) 55%, transparent)"], ">": ["clipped above", "color-mix(in srgb, var(--c2) 55%, transparent)"], m: ["masked", "color-mix(in srgb, var(--faint) 55%, transparent)"] };

function audited(rollout, key) { return array(object(rollout.audit)[key]); }
function fate_of(rollout, place) { return fates[string(object(rollout.audit).fates)[place]]; }
function by_share(share, colour) { return `color-mix(in srgb, var(${colour}) ${(is(share) ? Math.max(0, Math.min(1, share)) * 70 : 0).toFixed(0)}%, transparent)`; }

Object.assign(overlays, {
  entropy: {
    when: rollout => audited(rollout, "entropy").some(is),
    colour: (rollout, place) => by_share(audited(rollout, "entropy")[place] / 3, "--c4"),
    legend: () => [swatch(by_share(1, "--c4"), "3 nats or more were open"), swatch("transparent", "nothing was open, or it is not known")],
  },
  clipping: {
    when: rollout => string(object(rollout.audit).fates) !== "",
    colour: (rollout, place) => (fate_of(rollout, place) || fates["."])[1],
    legend: rollout => Object.entries(fates).map(([letter, [name, colour]]) => swatch(colour, `${name}: ${plural(string(object(rollout.audit).fates).split(letter).length - 1, "token")}`)),
  },
  gap: {
    when: rollout => audited(rollout, "gaps").some(is),
    colour: (rollout, place) => by_share(audited(rollout, "gaps")[place] > 0 ? 0.3 + audited(rollout, "gaps")[place] * 10 : 0, "--c2"),
    legend: rollout => [swatch(by_share(1, "--c2"), "recorded and computed anew differ"), el("span", null, `largest ${short(Math.max(0, ...audited(rollout, "gaps").filter(is)))} nats`)],
  },
});

function swatch(colour, text) {
  return el("span", null, el("i", { class: "swatch", style: `background:${colour};border:1px solid var(--line)` }), text);
}

function token_facts(rollout, place) {
  const span = object(span_at(rollout, place));
  const log_prob = array(rollout.log_probs)[place];
  return [["position", whole(place)], ["token id", String(array(rollout.tokens)[place])], ["log-prob", is(log_prob) ? fixed(log_prob, 5) : dash],
    ["probability", is(log_prob) ? percent(Math.exp(log_prob), 1) : dash], ["version", is(span.version) ? whole(span.version) : dash],
    ["fingerprint", string(span.fingerprint) || dash],
    ...[["entropy", audited(rollout, "entropy")[place], " nats"], ["trained / recorded", audited(rollout, "ratios")[place], ""], ["gap", audited(rollout, "gaps")[place], " nats"]].filter(row => is(row[1])).map(([name, value, unit]) => [name, short(value) + unit]),
    ...fate_of(rollout, place) ? [["in the loss", fate_of(rollout, place)[0]]] : []];
}

function token_tip(rollout, place) {
  const { text, known } = token_text(rollout, place);
  return [el("div", { class: "mono" }, known ? JSON.stringify(text) : `token ${array(rollout.tokens)[place]}`),
    token_facts(rollout, place).map(([name, value]) => tip_row(name, value))];
}

function token_element(rollout, place, versions, mode) {
  const { text, known } = token_text(rollout, place);
  const special = !known || /^<.*>$/s.test(text);
  const edge = place > 0 && object(span_at(rollout, place)).version !== object(span_at(rollout, place - 1)).version;
  return el("span", { class: "token" + (special ? " special" : "") + (edge ? " edge" : ""), "data-place": place,
    style: `background:${overlays[mode].colour(rollout, place, versions)}` },
  known && text.trim() === "" ? text.replaceAll("\n", "↵\n").replaceAll("\t", "⇥\t") : text);
}

function completion(rollout, mode) {
  const versions = versions_of(rollout);
  const tokens = array(rollout.tokens).map((_, place) => token_element(rollout, place, versions, mode));
  let here = -1;
  const go = place => {
    if (tokens[here]) tokens[here].classList.remove("here");
    here = place;
    if (!tokens[here]) return hide_tip();
    tokens[here].classList.add("here");
    tokens[here].scrollIntoView({ block: "nearest" });
    const box = tokens[here].getBoundingClientRect();
    show_tip({ clientX: box.left, clientY: box.bottom - 12 }, token_tip(rollout, here));
    say(`${JSON.stringify(token_text(rollout, here).text)}, ${token_facts(rollout, here).slice(2, 5).map(f => f.join(" ")).join(", ")}`);
  };
  const point = event => {
    const place = event.target.dataset ? event.target.dataset.place : undefined;
    if (place === undefined) hide_tip(); else show_tip(event, token_tip(rollout, Number(place)));
  };
  return el("div", { class: "text", tabindex: 0, role: "application", "aria-roledescription": "tokens",
    "aria-label": `What rollout ${whole(rollout.id)} wrote, ${plural(tokens.length, "token")}: ${tokens.map(t => t.textContent).join("").slice(0, 400)}. Arrow keys go from token to token.`,
    onpointermove: point, onpointerdown: point, onpointerleave: hide_tip, onblur: () => go(-1),
    onkeydown: event => {
      const to = event.key === "Escape" ? -1 : place_after(event.key, here, tokens.length, 20);
      if (to === null || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      go(to);
    } },
  el("span", { class: "prompt" }, string(rollout.prompt)), tokens);
}
