#include "runtime/cli/cli.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/shell.h"
#include "runtime/base/shown_text.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <new>
#include <system_error>

namespace tramontane {
namespace {

bool optional_name(const std::string& positional) {
  return positional.starts_with("[");
}

template <class T>
std::optional<T> parse_number(const std::string& text) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

const CliOption help_option{"help", "", "this page"};

}  // namespace

std::string CliArguments::text(const std::string& option, const std::string& fallback) const {
  auto found = options_.find(option);
  return found == options_.end() ? fallback : found->second.back();
}

std::vector<std::string> CliArguments::all(const std::string& option) const {
  auto found = options_.find(option);
  return found == options_.end() ? std::vector<std::string>{} : found->second;
}

double CliArguments::number(
    const std::string& option, double fallback, double least, double most) const {
  if (!has(option)) return fallback;
  auto value = parse_number<double>(text(option, ""));
  if (!value || !(*value >= least && *value <= most))
    throw UsageError(
        str("--", option, " ", text(option, ""), ": expected a number from ", least, " to ", most));
  return *value;
}

std::uint64_t CliArguments::whole(
    const std::string& option, std::uint64_t fallback, std::uint64_t most) const {
  if (!has(option)) return fallback;
  auto value = parse_number<std::uint64_t>(text(option, ""));
  if (!value || *value > most)
    throw UsageError(
        str("--", option, " ", text(option, ""), ": expected a whole number up to ", most));
  return *value;
}

ExitStatus exit_status(Errc code) {
  switch (code) {
    case Errc::bad_input:
    case Errc::corrupt:
    case Errc::not_found:
      return ExitStatus::bad_input;
    case Errc::io:
    case Errc::full:
      return ExitStatus::io;
    case Errc::unsupported:
      return ExitStatus::unsupported;
    case Errc::cancelled:
      return ExitStatus::interrupted;
    case Errc::closed:
    case Errc::stale:
    case Errc::timeout:
    case Errc::refused:
    case Errc::failed:
    case Errc::undeliverable:
    case Errc::unknown:
      return ExitStatus::job_failed;
  }
  return ExitStatus::bug;
}

Cli::Cli(std::string program, std::string about, std::vector<CliCommand> commands)
    : program_(std::move(program)), about_(std::move(about)), commands_(std::move(commands)) {}

const CliCommand* Cli::find(const std::string& name) const {
  for (const auto& command : commands_)
    if (command.name == name) return &command;
  return nullptr;
}

std::string Cli::help() const {
  std::string out = about_ + "\n\nCommands:\n";
  std::size_t width = 0;
  for (const auto& command : commands_) width = std::max(width, command.name.size());
  for (const auto& command : commands_)
    out += "  " + command.name + std::string(width - command.name.size() + 2, ' ') +
           command.summary + "\n";
  out += "  help" + std::string(width - 4 + 2, ' ') + "this page; `" + program_ +
         " help COMMAND` teaches one\n";
  out +=
      "\nExit status: 0 done; 1 a bug of the program; 2 usage; 3 bad job graph, data or "
      "checkpoint;\n"
      "4 disk full or unreadable; 5 not supported; 6 the job failed; 7 a check found a "
      "difference;\n"
      "130 interrupted (the run can be resumed).\n";
  return out;
}

std::string Cli::help(const CliCommand& command) const {
  std::string out = "usage: " + program_ + " " + command.name;
  for (const auto& p : command.positionals) out += " " + p;
  if (!command.options.empty()) out += " [options]";
  out += "\n\n" + command.details + "\n";
  if (command.options.empty()) return out;
  out += "\nOptions:\n";
  std::size_t width = 0;
  auto spelled = [](const CliOption& o) {
    return "--" + o.name + (o.value.empty() ? "" : " " + o.value);
  };
  for (const auto& option : command.options) width = std::max(width, spelled(option).size());
  for (const auto& option : command.options)
    out += "  " + spelled(option) + std::string(width - spelled(option).size() + 2, ' ') +
           option.help + "\n";
  return out;
}

CliArguments Cli::parse(const CliCommand& command, const std::vector<std::string>& words) const {
  CliArguments out;
  bool only_positionals = false;
  std::vector<std::string> names;
  for (const auto& option : command.options) names.push_back(option.name);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_positionals || !word.starts_with("--")) {
      out.positionals_.push_back(word);
      continue;
    }
    if (word == "--") {
      only_positionals = true;
      continue;
    }
    auto equals = word.find('=');
    std::string name = word.substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
    auto found = std::find_if(command.options.begin(), command.options.end(),
        [&](const CliOption& o) { return o.name == name; });
    if (found == command.options.end())
      throw UsageError(unknown_name("option", "--" + name, names));
    if (found->value.empty()) {
      if (equals != std::string::npos) throw UsageError(str("--", name, " takes no value"));
      out.options_[name].emplace_back();
    } else if (equals != std::string::npos) {
      out.options_[name].push_back(word.substr(equals + 1));
    } else if (i + 1 < words.size()) {
      out.options_[name].push_back(words[++i]);
    } else {
      throw UsageError(str("--", name, " needs a value: ", found->value));
    }
  }
  auto required = static_cast<std::size_t>(std::count_if(command.positionals.begin(),
      command.positionals.end(), [](const std::string& p) { return !optional_name(p); }));
  if (out.positionals_.size() < required)
    throw UsageError(str("missing ", command.positionals[out.positionals_.size()]));
  if (out.positionals_.size() > command.positionals.size())
    throw UsageError(str("unexpected '", out.positionals_[command.positionals.size()], "'"));
  return out;
}

int Cli::dispatch(const std::vector<std::string>& words) const {
  auto is_help = [](const std::string& w) { return w == "--help" || w == "-h"; };
  if (words.empty() || is_help(words[0]) || (words[0] == "help" && words.size() == 1)) {
    std::fputs(help().c_str(), stdout);
    return words.empty() ? static_cast<int>(ExitStatus::usage) : 0;
  }
  bool wants_help = words[0] == "help" && find("help") == nullptr;
  const std::string& name = words[wants_help ? 1 : 0];
  const CliCommand* command = find(name == "--version" ? "version" : name);
  if (command == nullptr) {
    std::vector<std::string> names;
    for (const auto& c : commands_) names.push_back(c.name);
    throw UsageError(unknown_name("command", name, names));
  }
  if (wants_help || std::any_of(words.begin() + 1, words.end(), is_help)) {
    std::fputs(help(*command).c_str(), stdout);
    return 0;
  }
  try {
    return command->run(parse(*command, {words.begin() + 1, words.end()}));
  } catch (const UsageError& e) {
    throw UsageError(
        str(e.text(), "\nHelp: ", shell_command({program_as_called(), "help", command->name})));
  }
}

int Cli::main(int argc, const char* const* argv) const {
  auto fail = [&](ExitStatus status, const char* text) {
    print_error(program_, text);
    return static_cast<int>(status);
  };
  try {
    return dispatch({argv + 1, argv + argc});
  } catch (const UsageError& e) {
    return fail(ExitStatus::usage, e.what());
  } catch (const Error& e) {
    return fail(exit_status(e.errc()), e.what());
  } catch (const Bug& e) {
    return fail(
        ExitStatus::bug, (std::string("this is a bug of the program: ") + e.what()).c_str());
  } catch (const std::bad_alloc&) {
    return fail(ExitStatus::io, no_memory().what());
  } catch (const std::system_error& e) {
    bool refused = e.code() == std::errc::resource_unavailable_try_again;
    return refused ? fail(ExitStatus::io, no_thread("a thread", e).what())
                   : fail(ExitStatus::bug, e.what());
  } catch (const std::exception& e) {
    return fail(ExitStatus::bug, e.what());
  }
}

}  // namespace tramontane
