// Where one is, all of it in the URL, so that any view can be shared:
//   #/VIEW[/WHICH][?FILTER=…&job=…]

// The page of a head shows its cluster where no job is named.
const of_cluster = document.documentElement.dataset.of === "cluster";

const route = { view: "now", which: "", filters: new URLSearchParams(), job: "" };

function read_route() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const [, view, ...which] = path.split("/");
  const part = text => { try { return decodeURIComponent(text); } catch { return text; } };
  Object.assign(route, { which: which.map(part).join("/"), filters: new URLSearchParams(query) });
  route.job = route.filters.get("job") || "";
  route.filters.delete("job");
  route.view = view || (shows_cluster() ? "jobs" : "now");
}

function shows_cluster() { return of_cluster && !route.job; }

// Where a job's own views are.
function link_of_job(id) { return `#/now?${new URLSearchParams({ job: id })}`; }

// An address within the page. The job stays.
function link_to(view, which = "", filters = {}) {
  const query = new URLSearchParams(filters);
  if (route.job) query.set("job", route.job);
  const text = query.toString();
  return `#/${view}${which === "" ? "" : "/" + String(which).split("/").map(encodeURIComponent).join("/")}${text ? "?" + text : ""}`;
}

function filter(name) { return route.filters.get(name) || ""; }

// Another filter in the same view: the address follows, the view is not drawn anew.
function set_filters(changes) {
  for (const [name, value] of Object.entries(changes))
    if (value === "" || value === null || value === undefined || value === false) route.filters.delete(name);
    else route.filters.set(name, value);
  history.replaceState(null, "", link_to(route.view, route.which, Object.fromEntries(route.filters)));
}

function go(view, which, filters) { location.hash = link_to(view, which, filters); }
