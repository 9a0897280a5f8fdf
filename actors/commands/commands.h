#pragma once
// The subcommands of `tram`: one function each gives its name, help, options and action.

#include "runtime/cli/cli.h"

namespace tramontane {

CliCommand run_command();
CliCommand resume_command();
CliCommand plan_command();
CliCommand eval_command();
CliCommand generate_command();
CliCommand rollouts_command();
CliCommand report_command();
CliCommand replay_command();
CliCommand verify_answer_command();
CliCommand grade_command();
CliCommand job_command();
CliCommand version_command();

}  // namespace tramontane
