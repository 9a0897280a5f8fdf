#include "actors/dashboard/cluster_api.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tramontane {
namespace {

constexpr std::string_view prefix = "/api/v1/";
constexpr const char* job_states = "queued|placing|running|waiting|finished|failed|stopped";
constexpr const char* fields_doc = "names of fields, with commas: the others are left out";

using Parameters = std::vector<ApiParameter>;

const ApiParameter job_in_path{"job", "integer", "the job's number", true};

Parameters of_page(Parameters own) {
  own.push_back({"fields", "string", fields_doc});
  own.push_back({"limit", "integer", "at most so many, 1 to 1000 (100)"});
  own.push_back({"after", "string", "the `next` of the page before"});
  return own;
}

std::vector<ApiRoute> job_routes() {
  return {{"GET", "/api/v1/jobs", "Jobs of the cluster",
              of_page({{"state", "string", "only those in one of these states, with commas"},
                  {"order", "newest|oldest", "which come first (newest)"}}),
              "ClusterJobs"},
      {"POST", "/api/v1/jobs",
          "Gives the cluster a job. Its graders are executed: whoever may submit runs programs on "
          "the nodes",
          {}, "ClusterJob", "Submission"},
      {"GET", "/api/v1/jobs/{job}", "One job of the cluster",
          {job_in_path, {"fields", "string", fields_doc}}, "ClusterJobDetails"},
      {"POST", "/api/v1/jobs/{job}/stop",
          "Ends a job: it finishes its step and writes a checkpoint",
          {job_in_path, {"deadline", "number", "seconds until what still runs is killed (60)"}},
          "ClusterJob"}};
}

std::vector<ApiRoute> other_routes() {
  ApiParameter name{"name", "string", "", true};
  return {{"GET", "/api/v1/version", "The program", {}, "Version"},
      {"GET", "/api/v1/nodes", "Nodes of the cluster",
          of_page({{"state", "string", "only those in one of these states, with commas"}}),
          "ClusterNodes"},
      {"GET", "/api/v1/nodes/{name}", "One node of the cluster",
          {name, {"fields", "string", fields_doc}}, "ClusterNode"},
      {"POST", "/api/v1/nodes/{name}/drain", "Lets nothing new be placed on a node",
          {name, {"undo", "boolean", "true: it is used again"}}, "ClusterNode"},
      {"GET", "/api/v1/events", "What the head has logged of late",
          of_page({{"kind", "string", "only of these kinds, with commas: they are all log"},
              {"actor", "string", "only of this actor: none is of one"},
              {"level", "info|warning|error", "of this level or a graver one"},
              {"text", "string", "only if the text or the line contains it"},
              {"order", "newest|oldest", "which come first (newest)"}}),
          "Events"},
      {"GET", "/api/v1/stream", "Server-sent events of the cluster's jobs and nodes",
          {{"kinds", "string", "jobs, nodes, with commas"},
              {"after", "string", "is not looked at: what is told is how it is now"}},
          "text/event-stream"},
      {"POST", "/api/v1/links", "Another link to log in with, that works once", {}, "Link"},
      {"GET", "/api/v1/openapi.json", "This document", {}, "application/json"},
      {"GET", "/metrics", "Figures of the cluster as Prometheus reads them",
          {{"job", "integer", "those of this job's run instead"}}, "text/plain"}};
}

// Whether a route of one run is also one of each job.
bool of_each_job(const ApiRoute& route) {
  constexpr std::string_view not_these[] = {"/api/v1/version", "/api/v1/jobs", "/api/v1/jobs/{id}",
      "/api/v1/links", "/api/v1/openapi.json"};
  std::string_view path = route.path;
  return path.starts_with(prefix) &&
         std::find(std::begin(not_these), std::end(not_these), path) == std::end(not_these);
}

ClusterRoute of_job(const ApiRoute& route) {
  ApiRoute api = route;
  api.path = "/api/v1/jobs/{job}/" + route.path.substr(prefix.size());
  std::erase_if(api.parameters,
      [](const ApiParameter& parameter) { return std::string_view(parameter.name) == "job"; });
  api.parameters.insert(api.parameters.begin(), job_in_path);
  return {std::move(api), route.path};
}

std::vector<ApiField> job_fields() {
  return {{"id", "integer", "its number", true}, {"name", "string", "as the job graph has it"},
      {"state", job_states,
          "queued: it waits for room; placing: its driver is being started; waiting: its driver is "
          "gone and starts again; stopped: somebody wanted it to end"},
      {"reason", "string", "of its state: what it waits for, why it failed; may be empty"},
      {"since", "number", "seconds that it has been in this state"},
      {"submitted", "number", "seconds ago"},
      {"priority", "integer", "higher ones are placed first"},
      {"run", "string", "the run's directory, on the head's host"},
      {"attempt", "integer", "starts of its driver"},
      {"node", "string", "that its driver is placed on; empty: none"},
      {"pid", "integer?", "of its driver, on that node, while it runs"},
      {"exit_code", "integer?", "of its driver, once it is over"}};
}

std::vector<ApiField> node_fields() {
  return {{"name", "string", "", true},
      {"state", "ready|draining|drained|leaving|left|slow|lost",
          "draining: nothing new goes there, and what is there moves away; drained: all of it has; "
          "leaving, left: the same, as it ends; slow: its connection is lost; lost: for so long "
          "that its workers may be placed elsewhere"},
      {"address", "string", "where others reach it"}, {"cpus", "number", "that it offers"},
      {"memory_bytes", "integer", "that it offers"}, {"gpus", "integer", "that it offers"},
      {"labels", "{string}", "what jobs may ask for"},
      {"instruction_set", "string", "that its kernels use"},
      {"home", "string", "its folder, on its host"},
      {"since", "number", "seconds that it has been connected, or lost"},
      {"workers", "[string]", "what is placed there: the job's number, /, the worker's name"},
      {"stays", "[string]", "of those, what is not moved: it is where its job's driver is"},
      {"moving", "boolean", "whether something is being moved away from it"},
      {"cpus_used", "number", "by those"}, {"memory_bytes_used", "integer", "by those"}};
}

}  // namespace

std::vector<ClusterRoute> cluster_routes() {
  std::vector<ClusterRoute> all;
  for (const auto& part : {job_routes(), other_routes()})
    for (const ApiRoute& route : part) all.push_back({route, {}});
  for (const ApiRoute& route : api_routes())
    if (of_each_job(route)) all.push_back(of_job(route));
  return all;
}

std::vector<ApiShape> cluster_shapes() {
  std::vector<ApiField> details = job_fields();
  details.insert(
      details.end(), {{"workers", "[ClusterWorker]", "what it consists of"},
                         {"progress", "Job?", "its run; null while nothing of it has begun"}});
  return {{"ClusterJob", "A job of the cluster", job_fields()},
      {"ClusterJobs", "A page of jobs",
          {{"jobs", "[ClusterJob]", "", true}, {"next", "string?", "", true}}},
      {"ClusterWorker", "A process of a job, or its driver",
          {{"name", "string", "", true}, {"node", "string?", "where it is placed", true},
              {"cpus", "number", "that it is given", true},
              {"memory_bytes", "integer", "that it is given", true}}},
      {"ClusterJobDetails", "A job of the cluster, in full", details},
      {"ClusterNode", "A node of the cluster", node_fields()},
      {"ClusterNodes", "A page of nodes",
          {{"nodes", "[ClusterNode]", "", true}, {"next", "string?", "", true}}},
      {"Submission", "A job to run",
          {{"graph", "string", "the job graph, YAML, as in a file", true},
              {"folder", "string",
                  "on the head's host, where relative names in it lead: absolute; the head's home "
                  "without it"},
              {"set", "[string]", "overrides of its keys: KEY=VALUE"},
              {"priority", "integer", "higher ones are placed first (0)"}}}};
}

}  // namespace tramontane
