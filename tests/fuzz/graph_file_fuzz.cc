// Any bytes as a graph file: a graph that its own check finds nothing wrong with, or a ConfigError
// that names a place.
#include "runtime/config/load.h"
#include "runtime/node/graph_file.capnp.h"
#include "runtime/node/graph_file.h"

#include <cstdint>
#include <cstdlib>

using namespace tramontane;

namespace {

class Stub final : public Actor {};

Kinds kinds() {
  auto make = [](const KindContext&) { return std::make_unique<Stub>(); };
  return {{.name = "source",
              .ports = {{.name = "sinks", .many = true}, {.name = "boss", .optional = true}},
              .options = OptionsSchema::of<schema::GraphFileActor>(),
              .make = make},
      {.name = "sink", .make = make}, {.name = "trainer", .job_key = "", .make = make}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Kinds known = kinds();
  std::string text(reinterpret_cast<const char*>(data), size);
  // One line of it may be an override.
  std::vector<std::string> sets;
  if (auto end = text.find('\n'); end != std::string::npos && text.starts_with("--set ")) {
    sets.push_back(text.substr(6, end - 6));
    text.erase(0, end + 1);
  }
  is_graph_file(text, sets);
  try {
    GraphJob job = parse_graph("graph.yaml", text, sets, known);
    if (job.until.empty() || describe(job.graph).empty()) std::abort();
    check_graph(job.graph, known);
  } catch (const ConfigError& error) {
    if (error.problems().empty()) std::abort();
  }
  return 0;
}
