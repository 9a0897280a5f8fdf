// Asking the server.

class Refused extends Error {
  constructor(status, text) { super(text); this.status = status; }
}

// Where the API of this job is: a head has one below each of its jobs.
function address_of(path, query, job) {
  if (job && !of_cluster) query.set("job", job);
  return `/api/v1/${job && of_cluster ? `jobs/${encodeURIComponent(job)}/` : ""}${path}?${query}`;
}

// The JSON at /api/v1/PATH, of the job of the route unless another is named. Parameters that are empty are left out, those that are
// true are there without a value. Throws Refused with the server's words, TypeError where there is no server.
async function ask(path, { job = route.job, ...parameters } = {}, signal = undefined) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== "" && value !== null && value !== undefined && value !== false) query.set(name, value === true ? "" : value);
  return answer_of(await fetch(address_of(path, query, job), { signal, headers: { Accept: "application/json" } }));
}

// Has the server do something.
async function post(path) { return answer_of(await fetch(`/api/v1/${path}`, { method: "POST" })); }

async function answer_of(answer) {
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => null);
  throw new Refused(answer.status, string(object(object(said).error).text) || `the server answers ${answer.status}`);
}

// For reading one thing after another: a newer question takes the place of one that is not answered.
class Latest {
  async ask(path, parameters) {
    if (this.control) this.control.abort();
    const control = this.control = new AbortController();
    const answer = await ask(path, parameters, control.signal);
    if (control.signal.aborted) throw new DOMException("overtaken", "AbortError");
    return answer;
  }

  close() { if (this.control) this.control.abort(); }
}

// What to tell of a failure; nothing of a question that was overtaken.
function failure_note(error) {
  if (error.name === "AbortError") return null;
  if (error.status === 401) return el("p", { class: "note", role: "alert" }, "This browser is not logged in (any more). ", el("code", null, "tram dashboard"), " prints a link that does.");
  return el("p", { class: "note", role: "alert" }, error instanceof Refused ? error.message : "The server cannot be reached.");
}
