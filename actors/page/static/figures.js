// Figures with their units, and reading data in which anything may be missing.

const dash = "–";
const is = Number.isFinite;

function object(value) { return value && typeof value === "object" && !Array.isArray(value) ? value : {}; }
function array(value) { return Array.isArray(value) ? value : []; }
function string(value) { return typeof value === "string" ? value : ""; }
function prose(name) { return string(name).replaceAll("_", " "); }
function plural(n, one, many = one + "s") { return `${whole(n)}\u00a0${n === 1 ? one : many}`; }

function fixed(value, digits) {
  if (!is(value)) return dash;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
}

function whole(value) { return is(value) ? fixed(Math.round(value), 0) : dash; }

function count(value) {
  if (!is(value)) return dash;
  if (Math.abs(value) < 10000) return whole(value);
  return value.toLocaleString("en-US", { notation: "compact", maximumSignificantDigits: 3 }).replace("K", "k").replace("-", "−");
}

function percent(value, digits = 0) { return is(value) ? fixed(100 * value, digits) + "\u00a0%" : dash; }

// From one share to another in percentage points: the difference of what percent() shows of both.
function points(from, to, digits = 1) {
  const shown = share => Math.round(1000 * share * 10 ** (digits - 1)) / 10 ** digits;
  return shown(to) - shown(from);
}

function signed(value, digits) { return (value > 0 ? "+" : "") + fixed(value, digits); }

// As many digits as the size of the figure asks for.
function short(value) {
  if (!is(value)) return dash;
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 10000) return whole(value);
  if (size >= 10000) return count(value);
  if (size >= 100) return fixed(value, 0);
  if (size >= 10) return fixed(value, 1);
  if (size >= 0.01) return fixed(value, 3);
  return value.toExponential(1).replaceAll("-", "−");
}

function duration(seconds) {
  if (!is(seconds)) return dash;
  if (seconds < 10) return fixed(seconds, 1) + "\u00a0s";
  if (seconds < 100) return fixed(seconds, 0) + "\u00a0s";
  const total = Math.round(seconds);
  const two = n => String(n).padStart(2, "0");
  if (total < 3600) return Math.floor(total / 60) + ":" + two(total % 60) + "\u00a0min";
  return Math.floor(total / 3600) + ":" + two(Math.floor(total / 60) % 60) + "\u00a0h";
}

function micros(value) {
  if (!is(value)) return dash;
  if (value < 10) return fixed(value, 1) + "\u00a0µs";
  if (value < 1000) return fixed(value, 0) + "\u00a0µs";
  if (value < 1e6) return fixed(value / 1000, 1) + "\u00a0ms";
  return fixed(value / 1e6, 1) + "\u00a0s";
}

function bytes(value) {
  if (!is(value)) return dash;
  if (value < 1e3) return whole(value) + "\u00a0B";
  if (value < 1e6) return fixed(value / 1e3, 0) + "\u00a0kB";
  if (value < 1e9) return fixed(value / 1e6, value < 1e8 ? 1 : 0) + "\u00a0MB";
  return fixed(value / 1e9, 1) + "\u00a0GB";
}

function last(values) { for (let i = values.length - 1; i >= 0; --i) if (is(values[i])) return values[i]; return NaN; }
function first_of(...values) { const found = values.find(is); return found === undefined ? NaN : found; }
