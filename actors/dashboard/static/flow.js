// Who asks whom, and how many messages go there: actors of one role are one box, what is sent between
// two roles one line. The layout follows the wiring alone, so that nothing jumps while counts grow.

const flow_seconds = 10;  // that a rate is taken over
const flow_box = { width: 148, height: 48, across: 280, down: 84, edge: 12 };

function role_of(name) { return string(name).split("/")[0]; }

// Messages between roles, as counted when it was told: { "from to": count }.
class Flows {
  constructor() { this.told = []; }

  take(actors) {
    const counts = new Map();
    for (const actor of actors)
      for (const [from, messages] of Object.entries(object(actor.messages_from))) {
        const key = `${role_of(from)} ${role_of(actor.name)}`;
        counts.set(key, (counts.get(key) || 0) + messages);
      }
    this.told.push({ time: Date.now() / 1000, counts });
    while (this.told.length > 2 && this.told[1].time <= this.told[this.told.length - 1].time - flow_seconds) this.told.shift();
  }

  // NaN where nothing is known yet, or nothing happens any more. A count that falls is of an actor whose process is another.
  rate(key) {
    if (this.told.length < 2 || !watched.live) return NaN;
    const [first, last] = [this.told[0], this.told[this.told.length - 1]];
    return Math.max(0, (last.counts.get(key) || 0) - (first.counts.get(key) || 0)) / Math.max(0.2, last.time - first.time);
  }

  count(key) { return this.told.length ? this.told[this.told.length - 1].counts.get(key) || 0 : 0; }

  get keys() { return this.told.length ? [...this.told[this.told.length - 1].counts.keys()] : []; }
}

// Roles with how many actors they have, and the lines between them.
function flow_of(actors, flows) {
  const roles = new Map();
  const lines = new Map();
  const line = (from, to, wired) => {
    const key = `${from} ${to}`;
    if (from !== to && roles.has(from) && roles.has(to)) lines.set(key, { key, from, to, wired: wired || (lines.get(key) || {}).wired === true, rate: flows.rate(key), count: flows.count(key) });
  };
  for (const actor of actors) roles.set(role_of(actor.name), (roles.get(role_of(actor.name)) || 0) + 1);
  for (const actor of actors)
    for (const names of Object.values(object(actor.asks))) for (const name of array(names)) line(role_of(actor.name), role_of(name), true);
  for (const key of flows.keys) line(...key.split(" "), false);
  return { roles, lines: [...lines.values()] };
}

// The column of each role: one more than any of those that ask it. Lines that close a circle do not count.
function columns_of({ roles, lines }) {
  const column = new Map();
  const open = new Set();
  const place = role => {
    if (column.has(role)) return column.get(role);
    open.add(role);
    const askers = lines.filter(l => l.wired && l.to === role && l.from !== role && !open.has(l.from)).map(l => place(l.from) + 1);
    open.delete(role);
    column.set(role, Math.max(0, ...askers));
    return column.get(role);
  };
  [...roles.keys()].forEach(place);
  return column;
}

function flow_places(flow) {
  const at = new Map();
  const height = [];
  for (const [role, column] of columns_of(flow)) {
    height[column] = (height[column] || 0) + 1;
    // Each column a little lower than the one before: lines that skip one pass between its boxes.
    at.set(role, { x: flow_box.edge + column * flow_box.across, y: flow_box.edge + (height[column] - 1) * flow_box.down + (column % 2) * flow_box.down / 2 });
  }
  return at;
}

// What goes between two boxes is one line, there and back: from the left one, or the upper of a column.
function flow_lines({ lines }, at) {
  const pairs = new Map();
  for (const line of lines) {
    const [a, b] = [at.get(line.from), at.get(line.to)];
    const forth = a.x < b.x || a.x === b.x && a.y < b.y;
    const [left, right] = forth ? [line.from, line.to] : [line.to, line.from];
    const pair = pairs.get(`${left} ${right}`) || { left, right };
    pair[forth ? "forth" : "back"] = line;
    pairs.set(`${left} ${right}`, pair);
  }
  return [...pairs.values()];
}

// Each line has a place of its own on the edges of its boxes, in the order of where it goes.
function give_ends(pairs, at) {
  const spread = (ends, key) => {
    ends.sort((a, b) => a.other.y - b.other.y || a.other.x - b.other.x);
    ends.forEach(({ pair, own }, i) => { pair[key] = own.y + flow_box.height * (i + 1) / (ends.length + 1); });
  };
  for (const [role, own] of at) {
    const of = (side, other) => pairs.filter(p => p[side] === role).map(pair => ({ pair, own, other: at.get(pair[other]) }));
    spread(of("left", "right"), "from_y");
    spread(of("right", "left"), "to_y");
  }
}

function flow_curve(pair, at) {
  const [from, to] = [at.get(pair.left), at.get(pair.right)];
  const [x, y, Y] = [from.x + flow_box.width + 3, pair.from_y, pair.to_y];
  if (from.x === to.x) return { path: `M${x} ${y}C${x + 50} ${y} ${x + 50} ${Y} ${x} ${Y}`, x: x + 37, y: (y + Y) / 2 };
  const X = to.x - 3;
  const bend = Math.min(flow_box.across - flow_box.width, (X - x) / 2);
  return { path: `M${x} ${y}C${x + bend} ${y} ${X - bend} ${Y} ${X} ${Y}`, x: x + (X - x) / 2, y: (y + Y) / 2 };
}

function rate_text(line) { return line && is(line.rate) && line.rate > 0 ? `${line.rate < 10 ? fixed(line.rate, 1) : count(line.rate)}/s` : ""; }

function pair_text({ forth, back }) { return [rate_text(forth) && `→\u202f${rate_text(forth)}`, rate_text(back) && `←\u202f${rate_text(back)}`].filter(Boolean).join("  "); }

function draw_flow(actors, flows) {
  const flow = flow_of(actors, flows);
  const at = flow_places(flow);
  const pairs = flow_lines(flow, at);
  give_ends(pairs, at);
  const most = (of, size) => Math.max(0, ...[...at.values()].map(of)) + size + flow_box.edge;
  const [width, height] = [most(p => p.x, flow_box.width) + 50, most(p => p.y, flow_box.height)];
  const curves = pairs.map(pair => ({ pair, rate: Math.max(0, ...[pair.forth, pair.back].map(l => l && is(l.rate) ? l.rate : 0)), ...flow_curve(pair, at) }));
  return svg("svg", { class: "flow", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Who asks whom: ${flow.lines.map(l => `${prose(l.from)} to ${prose(l.to)}${rate_text(l) ? ` ${rate_text(l)}` : ""}`).join(", ")}` },
    svg("defs", null, svg("marker", { id: "flow-end", viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" }, svg("path", { d: "M0 0L8 4L0 8z" }))),
    curves.map(c => svg("path", { class: c.pair.forth && c.pair.forth.count || c.pair.back && c.pair.back.count ? "line" : "line still", d: c.path, "stroke-width": fixed(1 + Math.log10(1 + c.rate), 1), "marker-end": c.pair.forth ? "url(#flow-end)" : null, "marker-start": c.pair.back ? "url(#flow-end)" : null })),
    [...at].map(([role, p]) => svg("g", null, svg("rect", { x: p.x, y: p.y, width: flow_box.width, height: flow_box.height, rx: 6 }),
      svg("text", { x: p.x + flow_box.width / 2, y: p.y + flow_box.height / 2 + 4 }, prose(role) + (flow.roles.get(role) > 1 ? ` ×${whole(flow.roles.get(role))}` : "")))),
    curves.map(c => svg("text", { class: "rate", x: c.x, y: c.y + 4 }, pair_text(c.pair))));
}

function flow_table(actors, flows) {
  const rows = flow_of(actors, flows).lines.sort((a, b) => b.count - a.count || a.key.localeCompare(b.key, "en"));
  return table([{ name: "from", of: l => prose(l.from) }, { name: "to", of: l => prose(l.to) }, { name: "messages/s", number: true, of: l => is(l.rate) ? l.rate < 10 ? fixed(l.rate, 1) : count(l.rate) : dash },
    { name: "messages", number: true, of: l => count(l.count) }], rows, { label: "Messages between actors" });
}
