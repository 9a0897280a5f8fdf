#include "runtime/node/graph_file.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/config/load.h"
#include "runtime/config/text_forms.h"
#include "runtime/node/graph_file.capnp.h"
#include "runtime/wire/capnp_codec.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace tramontane {
namespace {

constexpr std::uint32_t threads_max = 1024;  // of all pools
constexpr double mebibyte = 1 << 20;

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

bool is_actor_name(const std::string& name) {
  bool plain =
      !name.empty() && name.size() <= 64 && std::isalpha(static_cast<unsigned char>(name[0])) != 0;
  for (char c : name)
    plain = plain && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_');
  return plain;
}

bool is_run_name(const std::string& name) {
  bool plain = !name.empty() && name.size() <= 64 && name[0] != '.';
  for (char c : name)
    plain = plain &&
            (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.');
  return plain;
}

// Makes one graph of one file; each part complains into the same configuration.
class GraphLoader {
 public:
  GraphLoader(LoadedConfig& config, const Kinds& kinds) : config_(config), kinds_(kinds) {}

  GraphJob load();

 private:
  // What the file says under one name, and the actors that are made of it.
  struct Entry {
    schema::GraphFileActor::Reader file;
    std::string path;  // "actors.reader"
    std::string name;
    const Kind* kind = nullptr;
    std::vector<std::string> actors;
  };

  void complain(const std::string& path, const std::string& text) {
    if (complained_.insert(path).second) config_.complain(path, text);
  }

  void read_entries();
  void read_name(Entry& entry, std::set<std::string>& taken);
  void read_kind(Entry& entry);
  GraphActor actor_of(const Entry& entry);
  void read_restart(const Entry& entry, RestartPolicy& restart);
  void add(const Entry& entry);
  std::vector<std::string> targets_of(
      const Entry& entry, std::size_t instance, schema::Asks::Reader asks);
  const std::vector<std::string>* named(const std::string& name) const;
  std::vector<std::string> names() const;
  void read_until(const std::string& until);
  void check();

  LoadedConfig& config_;
  const Kinds& kinds_;
  std::vector<Entry> entries_;
  std::map<std::string, std::vector<std::string>> groups_;  // by name, and each actor by its own
  std::set<std::string> complained_;                        // paths
  std::uint32_t threads_ = 1;
  GraphJob job_;
};

GraphJob GraphLoader::load() {
  auto file = config_.get<schema::GraphFile>();
  job_.name = text_of(file.getName());
  job_.seed = file.getSeed();
  if (!is_run_name(job_.name))
    complain(
        "name", "expected 1 to 64 letters, digits, '-', '_' or '.': it names the run's folder");
  read_entries();
  if (entries_.empty())
    complain("actors", "there are none; expected a map like { reader: { kind: file_reader } }");
  for (const Entry& entry : entries_) add(entry);
  if (threads_ > threads_max)
    complain("actors", str("they have ", threads_, " threads, and may have ", threads_max,
                           "; threads: 0 has them share one"));
  read_until(text_of(file.getUntil()));
  check();
  config_.finish();
  return std::move(job_);
}

void GraphLoader::read_entries() {
  std::set<std::string> taken;
  unsigned index = 0;
  for (auto actor : config_.get<schema::GraphFile>().getActors()) {
    Entry entry{.file = actor, .path = str("actors.", index++), .name = text_of(actor.getName())};
    if (is_actor_name(entry.name) && config_.given("actors." + entry.name))
      entry.path = "actors." + entry.name;  // written as a map
    read_name(entry, taken);
    read_kind(entry);
    for (std::uint32_t i = 0; i < actor.getCount(); ++i) {
      entry.actors.push_back(actor.getCount() == 1 ? entry.name : str(entry.name, "/", i));
      groups_[entry.actors.back()] = {entry.actors.back()};
    }
    groups_[entry.name] = entry.actors;
    entries_.push_back(std::move(entry));
  }
}

void GraphLoader::read_name(Entry& entry, std::set<std::string>& taken) {
  if (!is_actor_name(entry.name)) {
    complain(entry.path,
        str("'", entry.name,
            "' is no name: expected 1 to 64 letters, digits, '-' or '_', a letter first"));
  } else if (entry.name == "main" || entry.name == "agent") {
    complain(entry.path, str("the name '", entry.name, "' is the runtime's own"));
  } else if (!taken.insert(entry.name).second) {
    complain(entry.path, str("there are two actors called '", entry.name, "'"));
  }
}

void GraphLoader::read_kind(Entry& entry) {
  std::string name = text_of(entry.file.getKind());
  const Kind* kind = find_kind(kinds_, name);
  std::vector<std::string> known;
  for (const Kind& each : kinds_)
    if (!each.job_key) known.push_back(each.name);
  if (kind == nullptr && known.empty()) {
    complain(entry.path + ".kind",
        "this program has no kinds for graph files; one that embeds it can have "
        "(examples/wordcount.cc)");
  } else if (kind == nullptr) {
    complain(
        entry.path + ".kind", name.empty() ? "is not given" : unknown_name("kind", name, known));
  } else if (kind->job_key) {
    complain(entry.path + ".kind",
        str(name, " is for reinforcement jobs alone (tram kinds ", name, ")"));
  } else {
    entry.kind = kind;
  }
}

void GraphLoader::read_restart(const Entry& entry, RestartPolicy& restart) {
  auto file = entry.file.getRestart();
  if (file.getWithin() > 0)
    restart.within =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(file.getWithin()));
  if (file.getMax() < 0) return;
  restart.max_restarts = static_cast<std::uint32_t>(file.getMax());
  restart.when = file.getMax() == 0 ? RestartPolicy::When::never : RestartPolicy::When::on_failure;
}

// But for its name, pool and wires. The kind is known.
GraphActor GraphLoader::actor_of(const Entry& entry) {
  const Kind& kind = *entry.kind;
  GraphActor actor{.kind = kind.name,
      .isolation = kind.isolation,
      .mailbox = kind.mailbox,
      .restart = kind.restart};
  if (entry.file.getIsolation() != schema::GraphFileActor::Isolation::OF_KIND)
    actor.isolation = entry.file.getIsolation() == schema::GraphFileActor::Isolation::THREAD
                          ? Isolation::thread
                          : Isolation::process;
  actor.worker = text_of(entry.file.getWorker());
  if (!actor.worker.empty() && actor.isolation == Isolation::thread)
    complain(entry.path + ".worker", "is for actors with isolation: process");
  if (!actor.worker.empty() && !is_actor_name(actor.worker))
    complain(entry.path + ".worker", str("'", actor.worker, "' is no name"));
  auto mailbox = entry.file.getMailbox();
  if (mailbox.getMessages() > 0) actor.mailbox.messages = mailbox.getMessages();
  if (mailbox.getMegabytes() > 0)
    actor.mailbox.bytes =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(mailbox.getMegabytes() * mebibyte));
  read_restart(entry, actor.restart);
  std::string options = entry.path + ".options";
  if (kind.options)
    actor.options = config_.decode_raw(options, kind.options.schema());
  else if (config_.given(options))
    complain(options, str("the kind ", kind.name, " has no options"));
  return actor;
}

void GraphLoader::add(const Entry& entry) {
  if (entry.kind == nullptr) {  // others may ask it all the same
    for (const std::string& name : entry.actors) job_.graph.actors.push_back({.name = name});
    return;
  }
  GraphActor all = actor_of(entry);
  std::int32_t threads = entry.file.getThreads();
  if (threads < 0) threads = static_cast<std::int32_t>(entry.kind->threads);
  for (std::size_t i = 0; i < entry.actors.size(); ++i) {
    GraphActor actor = all;
    actor.name = entry.actors[i];
    if (threads > 0) {
      actor.pool = actor.name;
      job_.graph.pools.push_back({actor.name, threads});
      threads_ += static_cast<std::uint32_t>(threads);
    }
    for (auto asks : entry.file.getAsks()) {
      auto targets = targets_of(entry, i, asks);
      auto& wired = actor.asks[text_of(asks.getName())];
      wired.insert(wired.end(), targets.begin(), targets.end());
    }
    job_.graph.actors.push_back(std::move(actor));
  }
}

std::vector<std::string> GraphLoader::targets_of(
    const Entry& entry, std::size_t instance, schema::Asks::Reader asks) {
  std::string port = text_of(asks.getName());
  const auto& ports = entry.kind->ports;
  bool many = std::any_of(ports.begin(), ports.end(),
      [&](const Kind::Port& each) { return each.name == port && each.many; });
  std::vector<std::string> targets;
  for (auto to : asks.getTo()) {
    std::string name = text_of(to);
    const auto* group = named(name);
    if (group == nullptr)
      complain(entry.path + ".asks." + port, unknown_name("actor", name, names()));
    else if (many)
      targets.insert(targets.end(), group->begin(), group->end());
    else
      targets.push_back((*group)[instance % group->size()]);
  }
  return targets;
}

const std::vector<std::string>* GraphLoader::named(const std::string& name) const {
  auto found = groups_.find(name);
  return found == groups_.end() || found->second.empty() ? nullptr : &found->second;
}

std::vector<std::string> GraphLoader::names() const {
  std::vector<std::string> all;
  for (const Entry& entry : entries_) all.push_back(entry.name);
  return all;
}

void GraphLoader::read_until(const std::string& until) {
  if (until.empty()) {
    for (const GraphActor& actor : job_.graph.actors) job_.until.push_back(actor.name);
  } else if (const auto* group = named(until)) {
    job_.until = *group;
  } else {
    complain("until", unknown_name("actor", until, names()));
  }
}

// What is wrong with the graph itself, told once for all actors of one name, and not again where
// the file's own words were refused already.
void GraphLoader::check() {
  for (const GraphProblem& problem : graph_problems(job_.graph, kinds_))
    for (const Entry& entry : entries_)
      if (std::find(entry.actors.begin(), entry.actors.end(), problem.actor) != entry.actors.end())
        complain(problem.key.empty() ? entry.path : entry.path + "." + problem.key, problem.text);
}

}  // namespace

bool is_graph_file(const std::string& text, const std::vector<std::string>& sets) {
  std::vector<std::string> keys = top_keys(text);
  if (keys.empty()) return false;
  for (const std::string& set : sets) keys.push_back(set.substr(0, set.find_first_of(".=")));
  return std::none_of(keys.begin(), keys.end(),
      [](const std::string& key) { return key == "model" || key == "stages" || key == "data"; });
}

GraphJob parse_graph(const std::string& file, const std::string& text,
    const std::vector<std::string>& sets, const Kinds& kinds) {
  LoadedConfig config = load_config<schema::GraphFile>(file, text, sets);
  GraphJob job = GraphLoader(config, kinds).load();
  job.text = text;
  for (const std::string& set : sets)
    job.text += str(job.text.ends_with("\n") ? "" : "\n", "# --set ", one_line(set), "\n");
  return job;
}

std::string graph_file_reference() {
  LoadedConfig config = load_config<schema::GraphFile>("reference.yaml",
      "actors: { reader: { kind: file_reader, asks: { counters: counter } } }", {});
  config.finish();
  return config.described({}, [](const std::string&) { return false; });
}

}  // namespace tramontane
