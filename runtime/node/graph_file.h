#pragma once
// A graph file is the YAML form of a Graph (graph_file.capnp is its reference): actors of any kinds
// that the program has, with options, and who asks whom.
//
//   name: wordcount
//   until: report                     # the job ends with this actor; nothing: with the last of all
//   actors:
//     reader:  { kind: file_reader, count: 4, options: { files: "texts/*.txt" },
//                asks: { counters: counter, report: report } }
//     counter: { kind: word_counter, count: 2, mailbox: { messages: 64 }, restart: { max: 5 } }
//     report:  { kind: word_report, asks: { counters: counter } }
//
//   GraphJob job = parse_graph("wordcount.yaml", text, {"actors.reader.count=1"}, kinds);
//   start_actors(system, job.graph, kinds, process);
//
// `options` are decoded by the schema of the actor's kind. Everything that is wrong is told at
// once, with line, column and nearest name. A graph that is returned has passed check_graph().

#include "runtime/node/graph.h"
#include "runtime/node/kind.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

struct GraphJob {
  std::string name;
  std::uint64_t seed = 0;
  // The actors whose end by themselves is the job's end.
  std::vector<std::string> until;
  Graph graph;
  std::string text;  // the file as given; below it, as comments, what `sets` changed
};

// Whether this text is that of a graph file rather than of a reinforcement job, which has a model,
// stages or data, in the file or by `sets`. Text that does not parse is none.
bool is_graph_file(const std::string& text, const std::vector<std::string>& sets);

// `text` is the YAML and `file` its name, for messages and for relative names in options; `sets`
// are "path=value" that override it. ConfigError.
GraphJob parse_graph(const std::string& file, const std::string& text,
    const std::vector<std::string>& sets, const Kinds& kinds);

// A graph file with every key that one may have, its default and what it means.
std::string graph_file_reference();

}  // namespace tramontane
