// The sample of rollouts: a filtered list, and one of them whole.

function sample_filters(items, filter, refresh) {
  const steps = items.map(r => r.step + 1).filter(is);
  const bound = key => el("input", {
    type: "number", value: filter[key], min: Math.min(...steps), max: Math.max(...steps), "aria-label": `${key} step`,
    oninput: event => { if (is(event.target.valueAsNumber)) { filter[key] = event.target.valueAsNumber; refresh(); } },
  });
  const verdicts = [["all", "any verdict"], ["right", "right"], ["wrong", "wrong"], ["no verdict", "no verdict"]]
    .filter(([value]) => value === "all" || items.some(r => verdict_name(r) === value));
  return [
    el("span", null, "steps ", bound("from"), " to ", bound("to")),
    el("select", { "aria-label": "Verdict", onchange: event => { filter.verdict = event.target.value; refresh(); } },
      verdicts.map(([value, name]) => el("option", { value }, name))),
    el("label", null, el("input", { type: "checkbox", onchange: event => { filter.spanning = event.target.checked; refresh(); } }), "span several versions"),
    el("input", { type: "search", placeholder: "prompt or id", "aria-label": "Prompt or id", oninput: event => { filter.text = event.target.value; refresh(); } })];
}

function sample_row(rollout) {
  return [verdict_mark(rollout), el("span", { class: "what mono" }, string(rollout.prompt) || `rollout ${rollout.id}`),
    el("span", { class: "side" }, `step ${rollout.step + 1} · ${rollout.length} tok · ${versions_text(rollout)}`)];
}

function rollout_sample(items) {
  const steps = items.map(r => r.step + 1).filter(is);
  const filter = { from: Math.min(...steps), to: Math.max(...steps), verdict: "all", spanning: false, text: "" };
  let kept = items;
  let chosen = null;
  let mode = "version";
  const detail = el("div", null);
  const matches = el("span", { role: "status" });
  const keeps = r => r.step + 1 >= filter.from && r.step + 1 <= filter.to &&
    (!filter.spanning || versions_of(r).length > 1) && (filter.verdict === "all" || filter.verdict === verdict_name(r)) &&
    (!filter.text || string(r.prompt).includes(filter.text) || String(r.id) === filter.text);
  const choose = rollout => {
    chosen = rollout;
    detail.replaceChildren(chosen ? rollout_detail(chosen, mode, name => { mode = name; choose(chosen); detail.querySelector("select").focus(); }) : "");
  };
  const list = new List({ label: "Rollouts", row: sample_row, choose, empty: "none of the sample matches" });
  const refresh = () => {
    kept = items.filter(keeps);
    matches.textContent = `${kept.length} of ${items.length}`;
    list.show(kept.length, place => kept[place]);
    choose(kept.includes(chosen) ? chosen : kept.find(r => versions_of(r).length > 2) || kept.find(r => versions_of(r).length > 1) || kept[0] || null);
    list.select(kept.indexOf(chosen));
  };
  const bar = el("div", { class: "filters" }, sample_filters(items, filter, refresh), matches);
  refresh();
  return [bar, el("div", { class: "viewer" }, list.element, detail)];
}

function rollout_section(page) {
  const items = array(page.items).map(object);
  vocabulary = object(page.vocabulary);
  const heading = el("h2", null, "Rollouts");
  if (!items.length) return [heading, el("p", { class: "note" }, string(page.note) || "No rollouts to show yet.")];
  return [heading,
    el("p", { class: "about" }, "A sample of what was trained, spread over the run, completions that span several weight versions first. Colours are weight versions; a bar marks the token at which new weights came in. Point at a token, or go to it by arrow keys, for its log-probability."),
    string(page.note) ? el("p", { class: "note" }, page.note) : null, rollout_sample(items)];
}
