// The commands for the files of a cluster's jobs: tram fetch, tram rm.
#include "actors/cluster/client.h"
#include "actors/cluster/fetch.h"
#include "actors/commands/cluster_words.h"
#include "actors/commands/commands.h"
#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"

#include <boost/json/array.hpp>

#include <chrono>
#include <cstdio>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr Duration remove_patience = std::chrono::seconds(120);  // of a large run directory

int fetch(const CliArguments& arguments) {
  HeadClient client = client_of(arguments);
  const std::string& folder = arguments.positional(1);
  AskHeadFor ask = [&](const std::string& what, const json::object& request, ByteView bytes) {
    return client.exchange(what, request, bytes);
  };
  Fetched got = fetch_job(ask, job_number(arguments), folder, arguments.all("only"));
  if (arguments.has("json")) {
    print_json({{"files", got.files}, {"bytes", got.bytes}, {"already", got.already},
        {"left_out", json::array(got.left_out.begin(), got.left_out.end())},
        {"without_ledger", got.without_ledger}});
    return 0;
  }
  std::printf("%llu files, %.1f MB, in %s", static_cast<unsigned long long>(got.files),
      static_cast<double>(got.bytes) / 1e6, one_line(folder).c_str());
  if (got.already > 0)
    std::printf(" (%llu more were there)", static_cast<unsigned long long>(got.already));
  std::printf("\n");
  for (const std::string& name : got.left_out)
    std::printf("left out, it is no ordinary file: %s\n", one_line(name).c_str());
  if (got.without_ledger) std::printf("left out, the job still writes it: ledger\n");
  return 0;
}

int remove(const CliArguments& arguments) {
  std::uint64_t id = job_number(arguments);
  bool keep = arguments.has("keep-run");
  json::object answer =
      client_of(arguments).ask("remove", {{"id", id}, {"keep_run", keep}}, remove_patience);
  bool removed = answer.at("removed").as_bool();
  if (arguments.has("json")) {
    print_json(answer);
  } else if (removed) {
    std::printf("job %llu is removed\n", static_cast<unsigned long long>(id));
    if (keep) std::printf("its run directory stays: %s\n", text(answer, "run").c_str());
  }
  if (removed) return 0;
  for (const json::value& problem : answer.at("problems").as_array())
    print_error("tram", str("not removed: ", std::string(problem.as_string())));
  throw Error(Errc::io, str("job ", id,
                            " is still known, as not all of it could be removed: "
                            "repeat tram rm once that can"));
}

}  // namespace

CliCommand fetch_command() {
  return {.name = "fetch",
      .summary = "copy the run directory of a cluster's job here",
      .details =
          "Each file gets its name once all of it is there; a fetch that was cut off goes on "
          "where\n"
          "it was when it is repeated. Nothing is overwritten: files that are there and the same "
          "are\n"
          "left alone, one that is another is refused. Of a job that is not over, its ledger is\n"
          "left out. What was fetched is read as any run is.\n\n"
          "  tram fetch 3 results\n"
          "  tram fetch 3 results --only 'checkpoints/*' --only metrics.jsonl\n"
          "  tram report results",
      .positionals = {"JOB", "DIR"},
      .options = {{"only", "PATTERN",
                      "files whose name in the run directory is like that (* matches / too); may "
                      "be repeated"},
          json_option, head_option, token_option},
      .run = fetch};
}

CliCommand rm_command() {
  return {.name = "rm",
      .summary = "remove a job of the cluster that is over, with its run directory",
      .details =
          "The head forgets the job, and its run directory and log are removed, without being "
          "asked\n"
          "again. Refused while the job is not over. What cannot be removed is named, and the job\n"
          "stays known until nothing is left.\n\n"
          "  tram rm 3\n"
          "  tram rm 3 --keep-run",
      .positionals = {"JOB"},
      .options = {{"keep-run", "", "the run directory stays where it is"}, json_option, head_option,
          token_option},
      .run = remove};
}

}  // namespace tramontane
