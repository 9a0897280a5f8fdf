// The frame: which view is shown, what the stream tells, and whether there is a connection.

const watched = { job: null, actors: [], live: false, written: null, jobs: [], nodes: [] };
const histories = new Histories();
const flows = new Flows();
const views = { now: ["Now", NowView], actors: ["Actors", ActorsView], rollouts: ["Rollouts", RolloutsView], timeline: ["Timeline", TimelineView], events: ["Events", EventsView], metrics: ["Metrics", MetricsView] };
const cluster_views = { jobs: ["Jobs", JobsView], nodes: ["Nodes", NodesView], events: ["Events", EventsView] };
const main = document.getElementById("view");
const connection = el("span", { class: "connection", role: "status" });
const banner = el("div", { class: "banner", role: "alert", hidden: true });
const job_choice = el("select", { "aria-label": "Job", hidden: true, onchange: event => { location.hash = link_of_job(event.target.value); } });
const brand = el("a", { class: "brand", href: of_cluster ? "#/jobs" : "#/now" }, "Tramontane");
const nav = el("nav", { "aria-label": "Views" });
let current = null;
let live = null;

document.getElementById("top").append(
  el("div", { class: "bar" }, brand, job_choice, nav, connection), banner);

function views_here() { return shows_cluster() ? cluster_views : views; }

function draw_nav() {
  const up = of_cluster && !shows_cluster() ? el("a", { href: "#/jobs" }, "All jobs") : null;
  put_into(nav, up, Object.entries(views_here()).map(([name, [title]]) =>
    el("a", { href: link_to(name), "aria-current": name === route.view || name === "rollouts" && route.view === "batches" ? "page" : null }, title)));
}

function draw_connection() {
  if (!live) return;
  const [text, tone] = live.connected ? watched.live || shows_cluster() ? ["live", "good"] : [watched.job ? "ended" : "connected", ""] : live.lost_since ? ["no connection", "bad"] : ["connecting", ""];
  if (connection.textContent !== text) connection.replaceChildren(el("span", { class: tone }, text));
  const note = live.connected ? "" : live.refused && live.refused.status === 401 ? "This browser is not logged in: `tram dashboard` prints a link that does." :
    live.failures > 1 ? `No connection since ${clock(live.lost_since)}; it is tried again. What is shown is from then.` : banner.hidden ? "" : banner.textContent;
  if (banner.textContent !== note) banner.textContent = note;
  banner.hidden = !note;
}

function hear(kind, data, id) {
  if (kind === "job") watched.job = data;
  if (kind === "actors") {
    Object.assign(watched, { actors: array(data.actors), live: data.live === true, written: data.written });
    histories.take(watched.actors);
    flows.take(watched.actors);
  }
  if (kind === "jobs" || kind === "nodes") watched[kind] = array(data[kind]).map(with_times);
  if (kind === "job" || kind === "actors") draw_connection();
  if (current && current.hear) current.hear(kind, data, id);
}

// What else there is: the API itself, and a way in for another browser.
async function draw_foot() {
  const place = el("span", { role: "status" });
  const button = el("button", { type: "button", onclick: async () => {
    try {
      const { link, seconds } = await post("links");
      put_into(place, "works once, for ", duration(seconds), ": ", el("code", null, link));
    } catch (error) { put_into(place, failure_note(error)); }
  } }, "a link for another browser");
  const foot = document.getElementById("foot");
  put_into(foot, el("a", { href: "/api/v1/openapi.json" }, "API"), el("a", { href: "/metrics" }, "Prometheus"), button, place);
  try { foot.prepend(el("span", null, `Tramontane ${(await ask("version", { job: "" })).version}`)); } catch { /* The connection says what is wrong. */ }
}

async function know_jobs() {
  job_choice.hidden = true;
  if (shows_cluster()) return;
  try {
    const { jobs } = await ask("jobs", { job: "", limit: 100, fields: of_cluster ? "name,state" : "name,state,live" });
    const known = jobs.some(job => String(job.id) === route.job) || !route.job ? jobs : [{ id: route.job, name: "", state: "" }, ...jobs];
    job_choice.hidden = known.length < 2;
    const more = job => of_cluster ? ` ${job.name}` : job.live ? "" : `, ${job_words[job.state] || job.state}`;
    put_into(job_choice, known.map((job, i) => el("option", { value: job.id, selected: route.job ? String(job.id) === route.job : i === 0 }, `${job.id}${more(job)}`)));
  } catch { /* The connection says what is wrong. */ }
}

function make_view() {
  const [place, which] = [el("div", { class: "view" }), route.which];
  if (current && current.close) current.close();
  current = null;
  main.replaceChildren(place);
  try {
    if (route.view === "actors" && which) current = new ActorView(place, which);
    else if (route.view === "batches") current = new BatchView(place, which);
    else if (views_here()[route.view]) current = new (views_here()[route.view][1])(place, which);
    else place.append(el("h1", null, "There is no such view"), el("p", null, el("a", { href: brand.getAttribute("href") }, "Back")));
  } catch (error) {
    place.append(el("p", { class: "note", role: "alert" }, `This view could not be drawn: ${error.message}`));
    console.error(error);
  }
}

function show_route(by_hand) {
  const job = route.job;
  read_route();
  if (live && job !== route.job) { live.close(); live = null; Object.assign(watched, { job: null, actors: [], live: false }); flows.told = []; }
  if (!live) {
    live = new Live(hear, draw_connection);
    know_jobs();
  }
  draw_nav();
  hide_tip();
  if (current && current.follow && current.follow()) return;
  make_view();
  const heading = main.querySelector("h1");
  document.title = `${heading ? heading.textContent : "Tramontane"} · Tramontane`;
  if (by_hand) { main.focus({ preventScroll: true }); window.scrollTo(0, 0); }
}

document.querySelector(".skip").addEventListener("click", event => { event.preventDefault(); main.focus(); });
addEventListener("hashchange", () => show_route(true));
addEventListener("keydown", event => { if (event.key === "Escape") hide_tip(); });
show_route(false);
draw_foot();
