#include "actors/commands/commands.h"
#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/node/graph_file.h"

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <utility>

namespace tramontane {
namespace {

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 2, width), ' ');
  return text;
}

std::string table(const Kinds& kinds, bool of_jobs) {
  std::string out;
  for (const Kind& kind : kinds)
    if (kind.job_key.has_value() == of_jobs) out += "  " + padded(kind.name, 20) + kind.doc + "\n";
  return out;
}

std::string list(const Kinds& kinds) {
  std::string own = table(kinds, false);
  if (own.empty())
    own = "  none; a program that embeds this one brings them (examples/wordcount.cc)\n";
  return "for graph files\n" + own + "of reinforcement jobs\n" + table(kinds, true);
}

std::string ports(const Kind& kind) {
  std::string out = "asks\n";
  if (kind.ports.empty()) out += "  nobody\n";
  for (const Kind::Port& port : kind.ports) {
    std::string how = str(
        port.optional ? "may be left out" : "must be wired", port.many ? "; takes several" : "");
    out += "  " + padded(port.name, 20) + port.doc + " (" + how + ")\n";
  }
  return out;
}

std::string options(const Kind& kind) {
  std::string out = "options";
  if (kind.job_key && !kind.job_key->empty())
    out += ": in a job file they stand under " + *kind.job_key;
  out += "\n";
  std::istringstream lines(kind.options.described());
  std::string line;
  bool any = false;
  for (; std::getline(lines, line); any = true) out += "  " + line + "\n";
  return any ? out : out + "  none\n";
}

std::string defaults(const Kind& kind) {
  std::string threads = kind.threads == 0   ? "it shares the pool \"main\""
                        : kind.threads == 1 ? "1 thread of its own"
                                            : str(kind.threads, " threads of its own");
  return str("where a graph file does not say otherwise\n  isolation           ",
      name(kind.isolation), "\n  threads             ", threads, "\n  mailbox             ",
      describe(kind.mailbox), "\n  restart             ", describe(kind.restart), "\n");
}

std::string page(const Kind& kind) {
  std::string out = kind.name + ": " + kind.doc + "\n\n" + ports(kind);
  if (kind.job_key)
    out += "made, placed and wired by reinforcement jobs alone: tram plan JOB.yaml shows how\n";
  else
    out += defaults(kind);
  return out + options(kind);
}

}  // namespace

CliCommand kinds_command(Kinds kinds) {
  return {.name = "kinds",
      .summary = "the kinds of actors there are, or one with its ports and options",
      .details =
          "Lists the kinds of actors that this program can make, or shows one: whom it asks, its\n"
          "options with type, default and meaning, its mailbox and restarts. With --file, the\n"
          "reference of graph files, in which such actors are wired.\n\n"
          "  tram kinds generator",
      .positionals = {"[KIND]"},
      .options = {{"file", "", "the reference of graph files: every key, default and meaning"}},
      .run = [kinds = std::move(kinds)](const CliArguments& arguments) {
        if (arguments.has("file")) {
          print(graph_file_reference());
        } else if (arguments.positionals() == 0) {
          print(list(kinds));
        } else if (const Kind* kind = find_kind(kinds, arguments.positional(0))) {
          print(page(*kind));
        } else {
          std::vector<std::string> names;
          for (const Kind& each : kinds) names.push_back(each.name);
          throw Error(Errc::bad_input, unknown_name("kind", arguments.positional(0), names));
        }
        return 0;
      }};
}

}  // namespace tramontane
