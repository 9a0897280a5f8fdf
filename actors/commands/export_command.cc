#include "actors/commands/commands.h"
#include "actors/export/csv.h"
#include "actors/export/tensorboard.h"
#include "actors/export/trace.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"
#include "runtime/base/shell.h"

#include <cstdio>
#include <string>

namespace tramontane {
namespace {

int export_run(const CliArguments& arguments) {
  const std::string& run = arguments.positional(0);
  std::string to = arguments.text("to", "all");
  if (to != "all" && to != "tensorboard" && to != "csv")
    throw Error(Errc::bad_input, unknown_name("format", to, {"all", "tensorboard", "csv"}));
  std::string out = arguments.text("out", run + "/export");
  if (to != "csv") {
    std::string folder = out + "/tensorboard";
    std::printf("%s\n  look at it    tensorboard --logdir %s\n",
        write_tensorboard(run, folder).c_str(), shell_quoted(folder).c_str());
  }
  if (to != "tensorboard")
    for (const std::string& path : write_csv(run, out + "/csv")) std::printf("%s\n", path.c_str());
  return 0;
}

int trace_run(const CliArguments& arguments) {
  const std::string& run = arguments.positional(0);
  std::string path = arguments.text("out", run + "/trace.json");
  write_trace(run, path);
  std::printf("%s\n  open it in    https://ui.perfetto.dev or chrome://tracing\n", path.c_str());
  return 0;
}

}  // namespace

CliCommand trace_command() {
  return {.name = "trace",
      .summary = "write what each actor did when, for Perfetto or chrome://tracing",
      .details =
          "Reads the files of a run, also while it goes on, and writes RUN/trace.json in the "
          "format\n"
          "of Chrome's trace events: when the trainer waited and trained, under which version "
          "each\n"
          "generator wrote and when it swapped, who waited for what, checkpoints, evaluations,\n"
          "alarms and deaths; some rollouts in lanes, a slice for each weight version.\n\n"
          "  tram trace runs/first\n"
          "  tram trace runs/first --out /tmp/first.json",
      .positionals = {"RUN"},
      .options = {{"out", "FILE", "instead of RUN/trace.json"}},
      .run = trace_run};
}

CliCommand export_command() {
  return {.name = "export",
      .summary = "write a run's figures for TensorBoard and as CSV",
      .details =
          "Reads RUN/metrics.jsonl, also while the run goes on, and writes below RUN/export:\n\n"
          "  tensorboard/events.out.tfevents.*  a scalar a figure, with what it is\n"
          "  csv/reinforce.csv, warm_start.csv, swap.csv, evaluation.csv  a row an event\n\n"
          "  tram export runs/first\n"
          "  tram export runs/first --to csv --out /tmp/first",
      .positionals = {"RUN"},
      .options = {{"to", "FORMAT", "tensorboard, csv or all (default)"},
          {"out", "DIR", "instead of RUN/export"}},
      .run = export_run};
}

}  // namespace tramontane
