// The commands that look into a cluster's jobs: their actors, what happens, what is wrong.
#include "actors/cluster/client.h"
#include "actors/commands/cluster_words.h"
#include "actors/commands/commands.h"
#include "actors/messages/run_event.h"
#include "actors/view/draw.h"
#include "actors/view/lines.h"
#include "actors/view/output.h"
#include "runtime/base/check.h"
#include "runtime/base/names.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <set>
#include <sstream>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr double waits_long = 60;  // seconds: more than that is told
constexpr double away_long = 10;
constexpr std::int64_t restarts_many = 3;

int list_actors(const CliArguments& arguments) {
  HeadClient client = client_of(arguments);
  std::vector<json::object> actors = actors_of(client, arguments);
  if (arguments.has("json"))
    print_json({{"actors", json::array(actors.begin(), actors.end())}});
  else
    std::fputs(actor_table(actors).c_str(), stdout);
  return 0;
}

// ---- events ------------------------------------------------------------------------------------

std::set<std::string> wanted_kinds(const CliArguments& arguments) {
  std::set<std::string> kinds;
  std::istringstream list(arguments.text("kind", ""));
  for (std::string kind; std::getline(list, kind, ',');) kinds.insert(kind);
  return kinds;
}

void show_event(const std::string& line, const std::set<std::string>& kinds, bool as_json) {
  boost::system::error_code error;
  json::value value = json::parse(line, error);
  if (error || !value.is_object() || !value.as_object().contains("event")) return;
  const RunEvent event = value.as_object();
  std::string kind(event.at("event").as_string());
  if (!kinds.empty() && !kinds.contains(kind)) return;
  if (as_json) {
    std::printf("%s\n", line.c_str());
    return;
  }
  std::vector<Line> lines;
  if (kind == "step")
    lines.push_back(step_line(event));
  else
    lines = event_lines(event);
  for (const Line& each : lines) std::printf("%s\n", each.str(each.width(), false).c_str());
}

int show_events(const CliArguments& arguments) {
  HeadClient client = client_of(arguments);
  std::uint64_t id = job_number(arguments);
  std::set<std::string> kinds = wanted_kinds(arguments);
  std::string rest;
  std::int64_t offset = 0;
  for (bool last = !arguments.has("follow");;) {
    json::object piece = client.ask("logs", {{"id", id}, {"who", "events"}, {"offset", offset}});
    offset = piece.at("next").to_number<std::int64_t>();
    rest += text(piece, "text");
    for (std::size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1))
      show_event(rest.substr(0, end), kinds, arguments.has("json"));
    std::fflush(stdout);
    if (offset < piece.at("size").to_number<std::int64_t>()) continue;
    if (last) return 0;
    last = is_over(client.ask("job", {{"id", id}}));
    if (!last) std::this_thread::sleep_for(300ms);
  }
}

// ---- one thing ---------------------------------------------------------------------------------

int get_one(const CliArguments& arguments) {
  HeadClient client = client_of(arguments);
  const std::string& what = arguments.positional(0);
  const std::string& id = arguments.positional(1);
  json::object found;
  if (what == "job") {
    found = client.ask("job", {{"id", parse_job_number(id)}});
    found["exits"] = client.ask("exits", {{"id", parse_job_number(id)}}).at("exits");
  } else if (what == "node") {
    std::vector<std::string> names;
    for (json::object& node : objects(client.ask("nodes", {}), "nodes")) {
      names.push_back(text(node, "name"));
      if (names.back() == id) found = std::move(node);
    }
    if (found.empty()) throw Error(Errc::not_found, unknown_name("node", id, names));
  } else if (what == "actor") {
    found = actor_found(client, id);
  } else {
    throw UsageError(unknown_name("thing", what, {"job", "node", "actor"}));
  }
  print_json(found);
  return 0;
}

// ---- what is wrong -----------------------------------------------------------------------------

using Findings = std::vector<std::string>;

void look_at_nodes(HeadClient& client, Findings& findings) {
  bool any = false;
  for (const json::object& node : objects(client.ask("nodes", {}), "nodes")) {
    std::string state = text(node, "state");
    any = any || state == "ready";
    if (state == "slow" || state == "lost")
      findings.push_back(str("node ", text(node, "name"), " is ", state, " since ",
          ago_text(number(node, "since")), ": look at its log and the network (",
          text(node, "address"), ")"));
  }
  if (!any) findings.emplace_back("no node is ready: tram node --join HOST:PORT adds one");
}

void look_at_actors(const std::vector<json::object>& actors, Findings& findings) {
  for (const json::object& actor : actors) {
    std::string who = str("actor ", text(actor, "job"), "/", text(actor, "name"));
    std::string waits = wait_of(actor);
    double since = number(actor, "since");
    if (!waits.empty() && since >= waits_long)
      findings.push_back(str(who, " has waited ", ago_text(since), " for ", waits));
    bool away = text(actor, "state") == "dead" || text(actor, "state") == "building";
    if (away && since >= away_long)
      findings.push_back(str(who, " is ", text(actor, "state"), " since ", ago_text(since)));
    auto limit = static_cast<std::int64_t>(number(actor, "mailbox_limit"));
    if (limit > 0 && static_cast<std::int64_t>(number(actor, "mailbox")) >= limit)
      findings.push_back(str(who, " has a full mailbox (", limit, ")"));
    if (static_cast<std::int64_t>(number(actor, "restarts")) >= restarts_many)
      findings.push_back(str(who, " was started again ", text(actor, "restarts"),
          " times: tram get actor ", text(actor, "job"), "/", text(actor, "name")));
  }
}

void look_at_job(HeadClient& client, const json::object& job, bool asked, Findings& findings) {
  std::string state = text(job, "state");
  std::string who = str("job ", text(job, "id"), " (", text(job, "name"), ")");
  std::string reason = text(job, "reason");
  if (state == "queued" || state == "waiting" || (asked && state == "failed"))
    findings.push_back(str(who, " is ", state, " since ", ago_text(number(job, "since")),
        reason.empty() ? "" : ": ", reason));
  if (state == "running" && !reason.empty()) findings.push_back(str(who, ": ", reason));
  if (state != "running" && !asked) return;
  json::object answer = client.ask("actors", {{"id", job.at("id")}});
  if (state == "running") look_at_actors(objects(answer, "actors"), findings);
  for (const json::object& alarm : objects(client.ask("alarms", {{"id", job.at("id")}}), "alarms"))
    findings.push_back(str(who, ": ", text(alarm, "text")));
}

int diagnose(const CliArguments& arguments) {
  HeadClient client = client_of(arguments);
  Findings findings;
  look_at_nodes(client, findings);
  bool asked = arguments.positionals() > 0;
  if (asked)
    look_at_job(client, client.ask("job", {{"id", job_number(arguments)}}), true, findings);
  else
    for (const json::object& job : objects(client.ask("jobs", {}), "jobs"))
      look_at_job(client, job, false, findings);
  if (arguments.has("json")) {
    print_json({{"findings", json::array(findings.begin(), findings.end())}});
  } else {
    for (const std::string& finding : findings) std::printf("%s\n", finding.c_str());
    if (findings.empty()) std::printf("nothing is wrong\n");
  }
  return findings.empty() ? 0 : static_cast<int>(ExitStatus::job_failed);
}

}  // namespace

CliCommand actors_command() {
  return {.name = "actors",
      .summary = "the actors of a cluster's jobs: where, in what state, waiting for what",
      .details = "Of one job, also after its end, or of all that run.",
      .positionals = {"[JOB]"},
      .options = {json_option, head_option, token_option},
      .run = list_actors};
}

CliCommand events_command() {
  return {.name = "events",
      .summary = "what happened in a job of the cluster: steps, swaps, deaths, alarms",
      .details = "As `tram run` tells it; --json prints the events themselves, a line each.",
      .positionals = {"JOB"},
      .options = {{"kind", "KINDS", "only these, like exit,alarm"},
          {"follow", "", "go on until the job is over"}, json_option, head_option, token_option},
      .run = show_events};
}

CliCommand get_command() {
  return {.name = "get",
      .summary = "all that is known of one job, node or actor, as JSON",
      .details =
          "  tram get job 7             with its exit records\n"
          "  tram get node gpu-2\n"
          "  tram get actor 7/generator/0",
      .positionals = {"job|node|actor", "ID"},
      .options = {head_option, token_option},
      .run = get_one};
}

CliCommand diagnose_command() {
  return {.name = "diagnose",
      .summary = "what is wrong in the cluster, or with one job",
      .details =
          "Nodes that are away, jobs that wait, actors that have waited for over a minute, are\n"
          "full or die again and again, alarms that stand. Status 0 if nothing is wrong, else 6.",
      .positionals = {"[JOB]"},
      .options = {json_option, head_option, token_option},
      .run = diagnose};
}

}  // namespace tramontane
