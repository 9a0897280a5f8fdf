// The one place that knows every command.
#include "actors/tram.h"

#include "actors/cluster/driver_process.h"
#include "actors/commands/cluster_dashboard_process.h"
#include "actors/commands/commands.h"
#include "actors/commands/dashboard_process.h"
#include "actors/rewards/maths/process.h"
#include "actors/rewards/rewards.h"
#include "actors/rewards/sandbox/serve.h"
#include "actors/run/kinds.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/shown_text.h"
#include "runtime/cli/completion.h"
#include "runtime/node/parent.h"
#include "runtime/node/worker.h"

#include <csignal>
#include <cstdio>
#include <cstring>

namespace tramontane {

int tram_main(int argc, char** argv, const TramOptions& options) {
  exec_child_if_asked(argc, argv);  // first of all: signals are as they were given
  end_with_status_when_refused(static_cast<int>(ExitStatus::io));
  // A file that may not grow (ulimit -f) fails to be written, which is told like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  // What this program starts of itself, to be able to kill it.
  if (argc == 2 && std::strcmp(argv[1], "serve-maths") == 0) return serve_maths(0, 1, {});
  sandbox::serve_sandbox_if_asked(argc, argv);
  std::vector<RewardKind> rewards;
  Kinds kinds;
  try {
    rewards = built_in_rewards_and(options.rewards);
    kinds = all_kinds(options.kinds, rewards);
  } catch (const Error& e) {
    print_error("tram", e.what());
    return static_cast<int>(exit_status(e.errc()));
  }
  if (is_worker(argc, argv)) return serve_worker(argc, argv, kinds);
  if (is_dashboard(argc, argv)) return serve_dashboard(argc, argv);
  if (is_cluster_dashboard(argc, argv)) return serve_cluster_dashboard(argc, argv, rewards);
  if (is_driver(argc, argv)) return serve_driver(rewards);
  std::vector<CliCommand> commands = {run_command(rewards, kinds), resume_command(rewards),
      plan_command(rewards, kinds), kinds_command(kinds), eval_command(), generate_command(),
      rollouts_command(), report_command(), dashboard_command(), export_command(), trace_command(),
      replay_command(), verify_answer_command(rewards), grade_command(rewards),
      job_command(rewards), head_command(), node_command(), submit_command(rewards), jobs_command(),
      status_command(), logs_command(), wait_command(), stop_command(), nodes_command(),
      drain_command(), fetch_command(), rm_command(), actors_command(), events_command(),
      get_command(), top_command(), diagnose_command(), version_command()};
  commands.push_back(completion_command("tram", commands));
  Cli cli("tram",
      "tram: asynchronous reinforcement learning of language models, and any other graph of "
      "actors,\n"
      "from one binary. Try: tram run examples/arithmetic.yaml",
      std::move(commands));
  return cli.main(argc, argv);
}

}  // namespace tramontane
