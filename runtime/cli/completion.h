#pragma once
// Scripts by which a shell completes a program's commands, their options and file names.
//
//   std::vector<CliCommand> commands = {…};
//   commands.push_back(completion_command("tram", commands));   // tram completion bash|zsh|fish
//
// Pure functions: any thread.

#include "runtime/cli/cli.h"

#include <string>
#include <vector>

namespace tramontane {

// Error(bad_input): a shell that is none of bash, zsh, fish.
std::string completion_script(
    const std::string& shell, const std::string& program, const std::vector<CliCommand>& commands);

CliCommand completion_command(const std::string& program, const std::vector<CliCommand>& commands);

}  // namespace tramontane
