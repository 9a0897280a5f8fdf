#include "actors/cluster/head_answers.h"

#include "actors/cluster/head_words.h"
#include "actors/cluster/job_files.h"
#include "actors/cluster/job_logs.h"
#include "actors/cluster/job_views.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/names.h"
#include "runtime/wire/hash.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

namespace json = boost::json;

double seconds(std::int64_t from, std::int64_t now) {
  return static_cast<double>(now - from) / 1000.0;
}

json::object object_of(const HeadJob& job, std::int64_t now) {
  json::object out{{"id", job.id}, {"name", job.name}, {"state", name(job.state)},
      {"reason", job.reason}, {"since", seconds(job.since_ms, now)},
      {"submitted", seconds(job.submitted_ms, now)}, {"priority", job.priority}, {"run", job.run},
      {"attempt", job.attempt}, {"node", job.driver_node}};
  out["pid"] = job.pid == 0 ? json::value(nullptr) : json::value(job.pid);
  out["exit_code"] = over(job.state) ? json::value(job.exit_code) : json::value(nullptr);
  return out;
}

const char* state_of(const HeadState& state, const HeadNode& node, std::int64_t now) {
  if (node.leaving && !node.connected) return "left";
  if (node.expected || state.lost(node, now)) return "lost";
  if (!node.connected) return "slow";
  if (node.leaving) return "leaving";
  if (!node.draining) return "ready";
  bool empty = !state.moving(node.offer.name);
  for (const auto& [id, job] : state.jobs())
    for (const SeatOfWorker& seat : job.seats) empty = empty && seat.node != node.offer.name;
  return empty ? "drained" : "draining";
}

json::object object_of(const HeadState& state, const HeadNode& node, std::int64_t now) {
  const JoinCluster& offer = node.offer;
  json::object labels;
  for (const auto& [key, value] : offer.labels) labels[key] = value;
  json::object out{{"name", offer.name}, {"state", state_of(state, node, now)},
      {"address", offer.address}, {"cpus", static_cast<double>(offer.cpu_milli) / 1000.0},
      {"memory_bytes", offer.memory}, {"gpus", offer.gpus}, {"labels", labels},
      {"instruction_set", name(static_cast<InstructionSet>(offer.instruction_set))},
      {"home", offer.home}, {"since", seconds(node.since_ms, now)}};
  json::array workers;
  json::array stays;  // beside its driver
  std::int64_t cpu = 0;
  std::int64_t memory = 0;
  for (const auto& [id, job] : state.jobs()) {
    for (const SeatOfWorker& seat : job.seats) {
      if (seat.node != offer.name || over(job.state)) continue;
      workers.push_back(json::value(str(id, "/", seat.worker)));
      if (job.driver_node == offer.name) stays.push_back(workers.back());
      for (const JobWorker& worker : job.workers) {
        if (worker.name != seat.worker) continue;
        cpu += worker.need.cpu_milli;
        memory += worker.need.memory_bytes;
      }
    }
  }
  out["workers"] = workers;
  out["stays"] = stays;
  out["moving"] = state.moving(offer.name);
  out["cpus_used"] = static_cast<double>(cpu) / 1000.0;
  out["memory_bytes_used"] = memory;
  return out;
}

std::uint64_t id_of(const json::object& in) {
  return in.at("id").to_number<std::uint64_t>();
}

const HeadJob& job_of(const HeadState& state, std::uint64_t id) {
  auto found = state.jobs().find(id);
  if (found == state.jobs().end())
    throw Error(Errc::not_found, str("there is no job ", id, ": tram jobs lists them"));
  return found->second;
}

std::string submit(HeadState& state, const json::object& in, std::int64_t now) {
  HeadJob job{.name = std::string(in.at("name").as_string()),
      .graph = std::string(in.at("graph").as_string()),
      .priority = in.at("priority").to_number<std::int32_t>(),
      .workers = parse_workers(json_text(in.at("workers")))};
  if (in.contains("files")) job.files = job_files_of(in.at("files").as_array());
  std::uint64_t id = state.submit(std::move(job), now);
  return json_text(object_of(state.jobs().at(id), now));
}

std::string one_job(const HeadState& state, std::uint64_t id, std::int64_t now) {
  const HeadJob& job = job_of(state, id);
  json::object out = object_of(job, now);
  json::array workers;
  for (const JobWorker& worker : job.workers) {
    json::object each{{"name", worker.name}, {"node", nullptr},
        {"cpus", static_cast<double>(worker.need.cpu_milli) / 1000.0},
        {"memory_bytes", worker.need.memory_bytes}};
    for (const SeatOfWorker& seat : job.seats)
      if (seat.worker == worker.name) each["node"] = seat.node;
    workers.push_back(std::move(each));
  }
  out["workers"] = std::move(workers);
  return json_text(out);
}

std::string stop(HeadState& state, const json::object& in, std::int64_t now) {
  std::uint64_t id = id_of(in);
  job_of(state, id);
  double patience = in.contains("patience_s")
                        ? in.at("patience_s").to_number<double>()
                        : std::chrono::duration<double>(stop_patience).count();
  if (!(patience >= 0 && patience <= 1e6)) throw Error(Errc::bad_input, "a deadline that is none");
  state.stop(
      id, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(patience)), now);
  return json_text(object_of(job_of(state, id), now));
}

std::string drain(HeadState& state, const json::object& in, std::int64_t now) {
  std::string node(in.at("node").as_string());
  if (!state.drain(node, in.at("draining").as_bool())) {
    std::vector<std::string> names;
    for (const auto& [name, each] : state.nodes()) names.push_back(name);
    throw Error(Errc::not_found, unknown_name("node", node, names));
  }
  return json_text(object_of(state, state.nodes().at(node), now));
}

std::string logs(const HeadState& state, const std::string& home, const json::object& in) {
  return json_text(read_log(home, job_of(state, id_of(in)), std::string(in.at("who").as_string()),
      in.at("offset").to_number<std::int64_t>()));
}

std::string files(const HeadState& state, const json::object& in) {
  return json_text(
      list_files(job_of(state, id_of(in)).run, std::string(in.at("after").as_string())));
}

// Its checksum (XXH3) is of the bytes as they are here.
HeadAnswer piece(const HeadState& state, const json::object& in) {
  FilePiece piece = read_piece(job_of(state, id_of(in)).run, std::string(in.at("name").as_string()),
      in.at("offset").to_number<std::uint64_t>(), in.at("bytes").to_number<std::size_t>());
  json::object out{
      {"bytes", piece.bytes.size()}, {"sum", hash_of(piece.bytes)}, {"size", piece.size}};
  if (in.at("sum_only").as_bool()) piece.bytes.clear();
  return {json_text(out), std::move(piece.bytes)};
}

// Where the workers of a job would go now, or what is in the way; nothing is submitted.
std::string plan(const HeadState& state, const json::object& in, std::int64_t now) {
  HeadJob job{.name = std::string(in.at("name").as_string()),
      .workers = parse_workers(json_text(in.at("workers")))};
  HeadState::Plan plan = state.plan(job, now);
  json::array seats;
  for (const SeatOfWorker& seat : plan.seats)
    seats.push_back(json::object{{"worker", seat.worker}, {"node", seat.node}});
  return json_text(json::object{
      {"seats", seats}, {"obstacles", json::array(plan.obstacles.begin(), plan.obstacles.end())}});
}

std::string answer(HeadState& state, const std::string& home, const std::string& what,
    const json::object& in, std::int64_t now) {
  if (what == "submit") return submit(state, in, now);
  if (what == "job") return one_job(state, id_of(in), now);
  if (what == "logs") return logs(state, home, in);
  if (what == "files") return files(state, in);
  if (what == "plan") return plan(state, in, now);
  if (what == "actors")
    return json_text(json::object{{"actors", job_actors(job_of(state, id_of(in)), now)}});
  if (what == "exits")
    return json_text(json::object{{"exits", job_exits(job_of(state, id_of(in)))}});
  if (what == "alarms")
    return json_text(json::object{{"alarms", job_alarms(job_of(state, id_of(in)))}});
  if (what == "stop") return stop(state, in, now);
  if (what == "drain") return drain(state, in, now);
  json::array all;
  if (what == "jobs") {
    for (const auto& [id, job] : state.jobs()) all.push_back(object_of(job, now));
    return json_text(json::object{{"jobs", all}});
  }
  if (what == "nodes") {
    for (const auto& [name, node] : state.nodes()) all.push_back(object_of(state, node, now));
    return json_text(json::object{{"nodes", all}});
  }
  throw Error(Errc::bad_input, str("a head knows nothing of \"", what, "\""));
}

// What Boost.JSON throws for a request of another form is the asker's.
template <class Work>
auto parsed(const std::string& request, Work work) {
  try {
    return work(json::parse(request).as_object());
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(Errc::bad_input, str("a request that makes no sense: ", error.what()));
  }
}

}  // namespace

HeadAnswer answer_of_head(
    HeadState& state, const std::string& home, const AskHead& request, std::int64_t now) {
  return parsed(request.request, [&](const json::object& in) {
    if (request.what == "piece") return piece(state, in);
    return HeadAnswer{answer(state, home, request.what, in, now), {}};
  });
}

ShippedFiles parse_shipped(const std::string& request) {
  return parsed(request, [](const json::object& in) {
    ShippedFiles shipped;
    if (!in.contains("ticket")) return shipped;
    shipped.ticket = std::string(in.at("ticket").as_string());
    for (const json::value& file : in.at("shipped").as_array())
      shipped.files.push_back({std::string(file.at("name").as_string()),
          file.at("bytes").to_number<std::uint64_t>(), file.at("sum").to_number<std::uint64_t>()});
    return shipped;
  });
}

ShippedPiece parse_piece(const std::string& request) {
  return parsed(request, [](const json::object& in) {
    return ShippedPiece{std::string(in.at("ticket").as_string()),
        std::string(in.at("name").as_string()), in.at("offset").to_number<std::uint64_t>(),
        in.at("sum").to_number<std::uint64_t>()};
  });
}

Removal parse_removal(const std::string& request) {
  return parsed(request, [](const json::object& in) {
    return Removal{id_of(in), in.at("keep_run").as_bool()};
  });
}

HeadAnswer removal_answer(const HeadJob& job, const std::vector<std::string>& problems) {
  return {json_text(json::object{{"id", job.id}, {"run", job.run}, {"removed", problems.empty()},
              {"problems", json::array(problems.begin(), problems.end())}}),
      {}};
}

}  // namespace tramontane
