#pragma once
// The subcommands of `tram`: one function each gives its name, help, options and action. Those that
// make rewards, or actors of graph files, are given the kinds there are.

#include "actors/rewards/reward.h"
#include "runtime/cli/cli.h"
#include "runtime/node/kind.h"

#include <vector>

namespace tramontane {

CliCommand run_command(std::vector<RewardKind> rewards, Kinds kinds);
CliCommand resume_command(std::vector<RewardKind> rewards);
CliCommand plan_command(std::vector<RewardKind> rewards, Kinds kinds);
CliCommand kinds_command(Kinds kinds);
CliCommand eval_command();
CliCommand generate_command();
CliCommand rollouts_command();
CliCommand report_command();
CliCommand replay_command();
CliCommand dashboard_command();
CliCommand export_command();
CliCommand trace_command();
CliCommand verify_answer_command(std::vector<RewardKind> rewards);
CliCommand grade_command(std::vector<RewardKind> rewards);
CliCommand job_command(std::vector<RewardKind> rewards);
CliCommand version_command();

// Of a cluster.
CliCommand head_command();
CliCommand node_command();
CliCommand submit_command(std::vector<RewardKind> rewards);
CliCommand jobs_command();
CliCommand actors_command();
CliCommand events_command();
CliCommand get_command();
CliCommand diagnose_command();
CliCommand top_command();
CliCommand status_command();
CliCommand logs_command();
CliCommand wait_command();
CliCommand stop_command();
CliCommand nodes_command();
CliCommand drain_command();
CliCommand fetch_command();
CliCommand rm_command();

}  // namespace tramontane
