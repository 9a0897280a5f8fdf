// The frame: which view is shown, what the stream tells, and whether there is a connection.

const watched = { job: null, jobs: [], actors: [], live: false, written: null };
const histories = new Histories();
const views = { now: ["Now", NowView], actors: ["Actors", ActorsView], rollouts: ["Rollouts", RolloutsView], timeline: ["Timeline", TimelineView], events: ["Events", EventsView], metrics: ["Metrics", MetricsView] };
const main = document.getElementById("view");
const connection = el("span", { class: "connection", role: "status" });
const banner = el("div", { class: "banner", role: "alert", hidden: true });
const job_choice = el("select", { "aria-label": "Job", hidden: true, onchange: event => { route.job = event.target.value; location.hash = link_to("now"); } });
const links = Object.entries(views).map(([name, [title]]) => [name, el("a", null, title)]);
let current = null;
let live = null;

document.getElementById("top").append(
  el("div", { class: "bar" }, el("a", { class: "brand", href: "#/now" }, "Tramontane"), job_choice, el("nav", { "aria-label": "Views" }, links.map(([, link]) => link)), connection), banner);

function draw_connection() {
  if (!live) return;
  const [text, tone] = live.connected ? watched.live ? ["live", "good"] : [watched.job ? "ended" : "connected", ""] : live.lost_since ? ["no connection", "bad"] : ["connecting", ""];
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
  }
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
  try {
    const { jobs } = await ask("jobs", { job: "", limit: 100, fields: "name,state,live" });
    watched.jobs = jobs;
    job_choice.hidden = jobs.length < 2;
    put_into(job_choice, jobs.map((job, i) => el("option", { value: job.id, selected: route.job ? job.id === route.job : i === 0 }, `${job.id}${job.live ? "" : `, ${job_words[job.state] || job.state}`}`)));
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
    else if (views[route.view]) current = new views[route.view][1](place, which);
    else place.append(el("h1", null, "There is no such view"), el("p", null, el("a", { href: link_to("now") }, "Now")));
  } catch (error) {
    place.append(el("p", { class: "note", role: "alert" }, `This view could not be drawn: ${error.message}`));
    console.error(error);
  }
}

function show_route(by_hand) {
  const job = route.job;
  read_route();
  if (live && job !== route.job) { live.close(); live = null; Object.assign(watched, { job: null, actors: [], live: false }); }
  if (!live) live = new Live(hear, draw_connection);
  for (const [name, link] of links) {
    link.href = link_to(name);
    if (name === route.view || name === "rollouts" && route.view === "batches") link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
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
know_jobs();
draw_foot();
