// The routes of the API with their parameters.
#include "actors/dashboard/api.h"

#include <initializer_list>

namespace tramontane {
namespace {

using Parameters = std::vector<ApiParameter>;

Parameters with_job(std::initializer_list<ApiParameter> own) {
  Parameters all = own;
  all.push_back({"job", "string", "the id of the job; the newest without it"});
  return all;
}

Parameters of_list(std::initializer_list<ApiParameter> own) {
  Parameters all = with_job(own);
  all.push_back({"fields", "string", "names of fields, with commas: the others are left out"});
  all.push_back({"limit", "integer", "at most so many, 1 to 1000 (100)"});
  all.push_back({"after", "string", "the `next` of the page before"});
  return all;
}

std::vector<ApiRoute> now_routes() {
  constexpr const char* fields = "names of fields, with commas: the others are left out";
  return {{"GET", "/api/v1/version", "The program", {}, "Version"},
      {"GET", "/api/v1/jobs", "Jobs, newest first",
          {{"state", "string", "only those in one of these states, with commas"},
              {"fields", "string", fields},
              {"limit", "integer", "at most so many, 1 to 1000 (100)"},
              {"after", "string", "the `next` of the page before"}},
          "Jobs"},
      {"GET", "/api/v1/jobs/{id}", "One job",
          {{"id", "string", "", true}, {"fields", "string", fields}}, "JobDetails"},
      {"GET", "/api/v1/actors", "Actors as they are now, or were last",
          of_list({{"kind", "string", "only of these kinds, with commas"},
              {"state", "string", "only in one of these states, with commas"},
              {"worker", "string", "only in this process"},
              {"text", "string", "only if name, waiting_for or a note contains it"}}),
          "Actors"},
      {"GET", "/api/v1/actors/{name...}", "One actor",
          with_job({{"name", "string", "", true}, {"fields", "string", fields}}), "ActorDetails"},
      {"GET", "/api/v1/nodes", "Machines with the processes of the run", of_list({}), "Nodes"},
      {"GET", "/api/v1/nodes/{name}", "One machine",
          with_job({{"name", "string", "", true}, {"fields", "string", fields}}), "Node"}};
}

std::vector<ApiRoute> history_routes() {
  return {
      {"GET", "/api/v1/events", "What happened",
          of_list({{"kind", "string", "only of these kinds, with commas; without it all but step"},
              {"actor", "string", "only of this actor"},
              {"level", "info|warning|error", "of this level or a graver one"},
              {"text", "string", "only if the text or the line contains it"},
              {"order", "newest|oldest", "which come first (newest)"}}),
          "Events"},
      {"GET", "/api/v1/spans", "Who waited for what, and when some rollouts were written",
          with_job({{"after", "string", "the `next` of the page before"}}), "Spans"},
      {"GET", "/api/v1/metrics", "What there is to draw, and the curves asked for",
          with_job({{"names", "string", "names of metrics, with commas, at most 64"},
              {"points", "integer", "of a curve at most, 2 to 10000 (1000)"},
              {"from", "number", "the least x"}, {"to", "number", "the greatest x"}}),
          "Metrics"},
      {"GET", "/api/v1/rollouts", "Rollouts, newest first",
          of_list({{"step", "integer", "only those that this step's batch settled"},
              {"group", "integer", "only of this group"},
              {"state", "string", "only those whose state begins with it"},
              {"finish", "running|stop|length", "only those that ended so"},
              {"min_score", "number", ""}, {"max_score", "number", ""},
              {"min_tokens", "integer", ""}, {"max_tokens", "integer", ""},
              {"version", "integer", "only with tokens between whose versions this is"},
              {"spanning", "boolean", "true: only those written under several versions"},
              {"no_verdict", "string",
                  "only those that could not be judged and whose reason contains it; empty: any"},
              {"component", "string", "only with this component in their score, above 0"},
              {"text", "string", "only if the completion contains it"}}),
          "Rollouts"},
      {"GET", "/api/v1/rollouts/{id}", "One rollout",
          with_job({{"id", "integer", "", true},
              {"fields", "string", "names of fields, with commas: the others are left out"}}),
          "Rollout"},
      {"GET", "/api/v1/batches/{step}", "What one step trained on",
          with_job({{"step", "integer", "", true},
              {"fields", "string", "names of fields, with commas: the others are left out"}}),
          "Batch"},
      {"GET", "/api/v1/stream", "Server-sent events, resumed by Last-Event-ID",
          with_job({{"kinds", "string", "only of these kinds, with commas"},
              {"after", "string", "the id of the last event known; 0: from the beginning"}}),
          "text/event-stream"}};
}

std::vector<ApiRoute> other_routes() {
  return {{"POST", "/api/v1/links", "Another link to log in with, that works once", {}, "Link"},
      {"GET", "/api/v1/openapi.json", "This document", {}, "application/json"},
      {"GET", "/metrics", "Figures of the run as Prometheus reads them", {}, "text/plain"}};
}

}  // namespace

std::vector<ApiRoute> api_routes() {
  std::vector<ApiRoute> all = now_routes();
  for (const auto& part : {history_routes(), other_routes()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace tramontane
