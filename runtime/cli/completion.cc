#include "runtime/cli/completion.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"

#include <cstdio>

namespace tramontane {
namespace {

const std::vector<std::string> shells = {"bash", "zsh", "fish"};

// In single quotes, which bash, zsh and fish read alike but for the quote itself.
std::string quoted(const std::string& text, const char* quote) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'')
      out += quote;
    else
      out += c;
  }
  return out + "'";
}

std::string first_sentence(const std::string& text) {
  return text.substr(0, text.find_first_of(";\n"));
}

std::string names_of(const std::vector<CliCommand>& commands) {
  std::string names = "help";
  for (const CliCommand& command : commands) names += " " + command.name;
  return names;
}

std::string bash_script(const std::string& program, const std::vector<CliCommand>& commands) {
  std::string out = str("# eval \"$(", program, " completion bash)\"\n_", program,
      "() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} names='",
      names_of(commands),
      "' options=--help\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ] || [ \"${COMP_WORDS[1]}\" = help ]; then\n"
      "    COMPREPLY=($(compgen -W \"$names\" -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n");
  for (const CliCommand& command : commands) {
    if (command.options.empty()) continue;
    out += str("    ", command.name, ") options='--help");
    for (const CliOption& option : command.options) out += " --" + option.name;
    out += "' ;;\n";
  }
  return out + str("  esac\n"
                   "  case $word in\n"
                   "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
                   "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
                   "  esac\n"
                   "}\n"
                   "complete -o filenames -F _",
                   program, " ", program, "\n");
}

std::string zsh_script(const std::string& program, const std::vector<CliCommand>& commands) {
  auto quote = [](std::string text) {
    for (std::size_t at = 0; (at = text.find_first_of("[]:\\", at)) != std::string::npos; at += 2)
      text.insert(at, "\\");
    return quoted(text, "'\\''");
  };
  std::string out = str("#compdef ", program, "\n# eval \"$(", program, " completion zsh)\"\n_",
      program, "() {\n  local -a names\n  names=(\n    'help:this page'\n");
  for (const CliCommand& command : commands) {
    out += str("    '", command.name, ":'", quote(command.summary), "\n");
  }
  out +=
      "  )\n"
      "  if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then\n"
      "    _describe command names\n"
      "    return\n"
      "  fi\n"
      "  case $words[2] in\n";
  for (const CliCommand& command : commands) {
    out += str("    ", command.name, ") _arguments");
    for (const CliOption& option : command.options) {
      // The brackets and colons around the description are the shell's own.
      out += str(" --", option.name, "'['", quote(first_sentence(option.help)), "']",
          option.value.empty() ? "" : ":value:_files", "'");
    }
    out += " '*:file:_files' ;;\n";
  }
  return out + str("  esac\n}\ncompdef _", program, " ", program, "\n");
}

std::string fish_script(const std::string& program, const std::vector<CliCommand>& commands) {
  auto quote = [](const std::string& text) { return quoted(text, "\\'"); };
  std::string out = str("# ", program, " completion fish | source\n");
  for (const CliCommand& command : commands)
    out += str("complete -c ", program, " -n __fish_use_subcommand -f -a ", command.name, " -d ",
        quote(command.summary), "\n");
  for (const CliCommand& command : commands)
    for (const CliOption& option : command.options)
      out += str("complete -c ", program, " -n '__fish_seen_subcommand_from ", command.name,
          "' -l ", option.name, option.value.empty() ? "" : " -r", " -d ",
          quote(first_sentence(option.help)), "\n");
  return out;
}

}  // namespace

std::string completion_script(
    const std::string& shell, const std::string& program, const std::vector<CliCommand>& commands) {
  if (shell == "bash") return bash_script(program, commands);
  if (shell == "zsh") return zsh_script(program, commands);
  if (shell == "fish") return fish_script(program, commands);
  throw Error(Errc::bad_input, unknown_name("shell", shell, shells));
}

CliCommand completion_command(const std::string& program, const std::vector<CliCommand>& commands) {
  std::vector<CliCommand> known = commands;
  return {.name = "completion",
      .summary = "a script by which bash, zsh or fish completes commands and options",
      .details = str("  eval \"$(", program, " completion bash)\"        in ~/.bashrc\n  eval \"$(",
          program, " completion zsh)\"         in ~/.zshrc, after compinit\n  ", program,
          " completion fish | source      in ~/.config/fish/config.fish"),
      .positionals = {"bash|zsh|fish"},
      .options = {},
      .run = [program, known](const CliArguments& arguments) {
        std::fputs(completion_script(arguments.positional(0), program, known).c_str(), stdout);
        return 0;
      }};
}

}  // namespace tramontane
