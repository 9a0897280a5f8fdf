#pragma once
// A command line of subcommands, each with positionals, options and a help page.
//
//   Cli cli("tram", "…", {{.name = "run", .summary = "…", .positionals = {"JOB.yaml"}, .options =
//   {…}, .run = run_command}}); return cli.main(argc, argv);
//
// Errors are printed as `tram: text`, and the exit status says which kind (exit_status()).

#include "runtime/base/result.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

struct CliOption {
  std::string name;   // without the dashes
  std::string value;  // the name of its value in the help; empty: a flag
  std::string help;
};

// What the user typed for one subcommand, checked against its description.
class CliArguments {
 public:
  const std::string& positional(std::size_t index) const { return positionals_.at(index); }

  std::size_t positionals() const { return positionals_.size(); }

  bool has(const std::string& option) const { return options_.contains(option); }

  // The last value given, or the fallback.
  std::string text(const std::string& option, const std::string& fallback) const;
  // Throws UsageError naming the option if the value is not a number within the bounds.
  double number(const std::string& option, double fallback, double least, double most) const;
  std::uint64_t whole(const std::string& option, std::uint64_t fallback, std::uint64_t most) const;
  // Every value given, in order.
  std::vector<std::string> all(const std::string& option) const;

 private:
  friend class Cli;
  std::vector<std::string> positionals_;
  std::map<std::string, std::vector<std::string>> options_;
};

class UsageError : public Error {
 public:
  explicit UsageError(std::string text) : Error(Errc::bad_input, std::move(text)) {}
};

struct CliCommand {
  std::string name;
  std::string summary;                   // one line, for the list
  std::string details;                   // the help page's body
  std::vector<std::string> positionals;  // names; "[X]" may be left out (only the last ones)
  std::vector<CliOption> options;
  std::function<int(const CliArguments&)> run;
};

// The exit statuses, as documented in the help.
enum class ExitStatus {
  ok = 0,
  bug = 1,            // a promise of the program itself was broken
  usage = 2,          // the command line
  bad_input = 3,      // job graph, data or checkpoint make no sense
  io = 4,             // the operating system said no: disk full, unreadable, permission
  unsupported = 5,    // valid, but not for this build or model
  job_failed = 6,     // the job ran and stopped with a reason
  mismatch = 7,       // a check failed: fingerprints or log-probabilities differ
  interrupted = 130,  // Ctrl-C; the run can be resumed
};

ExitStatus exit_status(Errc code);

class Cli {
 public:
  Cli(std::string program, std::string about, std::vector<CliCommand> commands);

  // Runs the subcommand; prints errors to stderr and help to stdout; never throws.
  int main(int argc, const char* const* argv) const;

  std::string help() const;
  std::string help(const CliCommand& command) const;

 private:
  int dispatch(const std::vector<std::string>& words) const;
  CliArguments parse(const CliCommand& command, const std::vector<std::string>& words) const;
  const CliCommand* find(const std::string& name) const;

  std::string program_;
  std::string about_;
  std::vector<CliCommand> commands_;
};

}  // namespace tramontane
