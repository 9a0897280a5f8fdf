#include "runtime/node/graph_file.h"

#include "runtime/actor/sim_system.h"
#include "runtime/config/load.h"
#include "runtime/config/text_forms.h"
#include "runtime/node/graph_file.capnp.h"

#include <algorithm>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// Does nothing, for kinds whose actors are wired only.
class Stub final : public Actor {};

std::unique_ptr<Actor> make_stub(const KindContext&) {
  return std::make_unique<Stub>();
}

// Kinds as a program has them; the options of one are a graph file's own actors, so that this test
// needs no schema of its own.
Kinds kinds() {
  return {{.name = "source",
              .doc = "makes things",
              .ports = {{.name = "sinks", .doc = "take things", .many = true},
                  {.name = "boss", .doc = "says how", .optional = true}},
              .options = OptionsSchema::of<schema::MailboxOptions>(),
              .mailbox = {.messages = 7, .bytes = 1 << 20},
              .restart = {.when = RestartPolicy::When::on_failure, .max_restarts = 2},
              .make = make_stub},
      {.name = "sink", .doc = "takes things", .threads = 0, .make = make_stub},
      {.name = "teacher", .doc = "is a job's", .job_key = "actors.teacher", .make = make_stub}};
}

GraphJob parse(const std::string& text, const std::vector<std::string>& sets = {}) {
  return parse_graph("here/graph.yaml", text, sets, kinds());
}

std::vector<std::string> problems(
    const std::string& text, const std::vector<std::string>& sets = {}) {
  try {
    parse(text, sets);
  } catch (const ConfigError& error) {
    return error.problems();
  }
  return {};
}

bool has(const std::vector<std::string>& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(),
      [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a graph file makes actors, with pools of their own, wired by name") {
  GraphJob job = parse(
      "name: small\n"
      "seed: 5\n"
      "until: in\n"
      "actors:\n"
      "  out: { kind: sink, count: 3 }\n"
      "  boss: sink\n"
      "  in: { kind: source, count: 2, threads: 2, asks: { sinks: 'out, boss', boss: boss } }\n");
  CHECK(job.name == "small");
  CHECK(job.seed == 5);
  CHECK(job.until == Names{"in/0", "in/1"});
  Names names;
  for (const GraphActor& actor : job.graph.actors) names.push_back(actor.name);
  CHECK(names == Names{"out/0", "out/1", "out/2", "boss", "in/0", "in/1"});
  const GraphActor& in = *job.graph.find("in/1");
  CHECK(in.kind == "source");
  CHECK(in.pool == "in/1");
  CHECK(in.asks.at("sinks") == Names{"out/0", "out/1", "out/2", "boss"});
  CHECK(in.asks.at("boss") == Names{"boss"});
  CHECK(in.mailbox.messages == 7);
  CHECK(in.mailbox.bytes == 1 << 20);
  CHECK(in.restart.max_restarts == 2);
  CHECK(job.graph.find("boss")->pool == "main");
  CHECK(job.graph.pools.size() == 3);
  CHECK(job.graph.pools[2].name == "in/1");
  CHECK(job.graph.pools[2].threads == 2);
}

TEST_CASE("a port for one is wired to the instance of the same number, modulo the count") {
  GraphJob job = parse(
      "actors:\n"
      "  boss: { kind: sink, count: 2 }\n"
      "  in: { kind: source, count: 3, asks: { sinks: [boss/1], boss: boss } }\n");
  for (auto [actor, boss] : {std::pair{"in/0", "boss/0"}, {"in/1", "boss/1"}, {"in/2", "boss/0"}}) {
    CHECK(job.graph.find(actor)->asks.at("boss") == Names{boss});
    CHECK(job.graph.find(actor)->asks.at("sinks") == Names{"boss/1"});
  }
  CHECK(job.until.size() == 5);
}

TEST_CASE("what the file says of mailbox, restarts and place goes before what the kind has") {
  std::string text =
      "actors:\n"
      "  in:\n"
      "    kind: source\n"
      "    isolation: process\n"
      "    worker: w\n"
      "    threads: 0\n"
      "    mailbox: { megabytes: 0.5 }\n"
      "    restart: { max: 0, within: 2.5 }\n"
      "    options: { messages: 3 }\n"
      "    asks: { sinks: [in] }\n";
  GraphJob job = parse(text, {"actors.in.options.megabytes=9"});
  const GraphActor& in = job.graph.actors.at(0);
  CHECK(in.isolation == Isolation::process);
  CHECK(in.worker_name() == "w");
  CHECK(in.pool == "main");
  CHECK(in.mailbox.messages == 7);
  CHECK(in.mailbox.bytes == 1 << 19);
  CHECK(in.restart.when == RestartPolicy::When::never);
  CHECK(in.restart.within == std::chrono::milliseconds(2500));
  ReadOptions<schema::MailboxOptions> options(in.options);
  CHECK(options->getMessages() == 3);
  CHECK(options->getMegabytes() == 9);
  CHECK(job.text == text + "# --set actors.in.options.megabytes=9\n");
}

TEST_CASE("everything wrong with a graph file is told at once, with its place") {
  auto found = problems(
      "name: a/b\n"                                                        // 1
      "until: nobody\n"                                                    // 2
      "actors:\n"                                                          // 3
      "  one: { kind: surce, asks: { sinks: two } }\n"                     // 4
      "  two: { kind: source, count: 2, asks: { sink: two } }\n"           // 5
      "  three: { kind: source, options: { mesages: 1, megabytes: x },\n"  // 6
      "           asks: { sinks: [tree], boss: 'two, one' } }\n"           // 7
      "  four: { kind: teacher }\n"                                        // 8
      "  five: { kind: sink, options: { a: 1 }, worker: w }\n"             // 9
      "  six: { count: 0 }\n"                                              // 10
      "  two: sink\n"                                                      // 11
      "  main: sink\n"                                                     // 12
      "  7: sink\n");                                                      // 13
  CHECK(has(found, "here/graph.yaml:1:7: name: expected 1 to 64"));
  CHECK(has(found, "here/graph.yaml:2:8: until: unknown actor 'nobody'"));
  CHECK(has(found,
      "here/graph.yaml:4:16: actors.one.kind: unknown kind 'surce'; did you mean "
      "'source'? There are: source, sink"));
  CHECK(has(found, "unknown port 'sink'; did you mean 'sinks'?"));
  CHECK(has(found, "actors.two.asks.sinks: is not wired: take things"));
  CHECK(has(found, "here/graph.yaml:6:37: unknown key 'mesages'; did you mean 'messages'?"));
  CHECK(has(found, "here/graph.yaml:6:60: actors.three.options.megabytes: expected a number"));
  CHECK(has(found,
      "here/graph.yaml:7:27: actors.three.asks.sinks: unknown actor 'tree'; did you mean "
      "'three'?"));
  CHECK(has(found, "actors.three.asks.boss: takes one actor, not 2"));
  CHECK(has(
      found, "here/graph.yaml:8:17: actors.four.kind: teacher is for reinforcement jobs alone"));
  CHECK(has(found, "here/graph.yaml:9:32: actors.five.options: the kind sink has no options"));
  CHECK(has(found, "actors.five.worker: is for actors with isolation: process"));
  CHECK(has(found, "here/graph.yaml:10:17: actors.six.count: expected at least 1"));
  CHECK(has(found, "actors.six.kind: is not given"));
  CHECK(has(found, "here/graph.yaml:11:8: actors.two: there are two actors called 'two'"));
  CHECK(has(found, "here/graph.yaml:12:9: actors.main: the name 'main' is the runtime's own"));
  CHECK(has(found, "'7' is no name"));
}

TEST_CASE("a graph without actors, and one with too many threads, are refused") {
  CHECK(has(problems("name: a\n"), "actors: there are none"));
  CHECK(has(problems("actors: { a: { kind: sink, count: 200, threads: 10 } }"),
      "they have 2001 threads"));
  CHECK(has(problems("actors: { a: sink }", {"actors.a.kind=snk"}), "--set actors.a.kind=snk: "));
}

TEST_CASE("a graph file has neither model, stages nor data, and is a map") {
  CHECK(is_graph_file("actors: { a: sink }", {}));
  CHECK(is_graph_file("name: a\n", {"seed=3"}));
  CHECK_FALSE(is_graph_file("name: a\nstages: []\n", {}));
  CHECK_FALSE(is_graph_file("model: { preset: nano }", {}));
  CHECK_FALSE(is_graph_file("name: a\n", {"model.preset=nano"}));
  CHECK_FALSE(is_graph_file("- a\n", {}));
  CHECK_FALSE(is_graph_file("a: [", {}));
  CHECK_FALSE(is_graph_file("", {}));
}

TEST_CASE("the reference of graph files is one, and names every key") {
  std::string text = graph_file_reference();
  for (const char* key :
      {"until:", "count:", "isolation:", "worker:", "threads:", "megabytes:", "within:", "asks:"})
    CHECK(text.find(key) != std::string::npos);
  CHECK(text.find("of_kind|thread|process") != std::string::npos);
}

TEST_CASE("two kinds of one name are refused") {
  Kinds twice = kinds();
  twice.push_back(twice.front());
  CHECK_THROWS_AS(check_kinds(twice), Error);
  check_kinds(kinds());
}

TEST_CASE("a graph is described with places, threads, mailboxes, restarts and wires") {
  GraphJob job = parse(
      "actors:\n"
      "  out: { kind: sink, mailbox: { messages: 3, megabytes: 1 } }\n"
      "  in: { kind: source, isolation: process, asks: { sinks: out } }\n");
  std::string text = describe(job.graph);
  CHECK(text.find("thread, 1 thread (main), mailbox 3 messages, 1 MiB, no restarts") !=
        std::string::npos);
  CHECK(text.find("process, 1 thread, mailbox 7 messages, 1 MiB, 2 restarts in 60 s") !=
        std::string::npos);
  CHECK(text.find("asks sinks: out") != std::string::npos);
  CHECK(text.find("mailboxes hold 2 MiB at most") != std::string::npos);
}

TEST_CASE("a parsed graph starts") {
  Kinds known = kinds();
  GraphJob job =
      parse("actors:\n  out: sink\n  in: { kind: source, threads: 0, asks: { sinks: out } }\n");
  SimSystem sim({.seed = 1});
  ProcessContext process("/nowhere");
  start_actors(sim.system(), job.graph, known, process);
  sim.run_for(std::chrono::milliseconds(1));
  CHECK(sim.system().find("in"));
  CHECK(sim.system().find("out"));
}
