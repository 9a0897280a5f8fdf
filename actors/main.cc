// The `tram` program: the one place that knows every command.

#include "actors/commands/commands.h"

int main(int argc, char** argv) {
  using namespace tramontane;
  Cli cli("tram",
      "tram: asynchronous reinforcement learning of language models, from one binary.\n"
      "Try: tram run examples/arithmetic.yaml",
      {run_command(), resume_command(), plan_command(), eval_command(), generate_command(),
          rollouts_command(), report_command(), replay_command(), job_command(),
          version_command()});
  return cli.main(argc, argv);
}
