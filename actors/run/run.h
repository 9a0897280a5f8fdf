#pragma once
// A run: a job in a directory of its own, from `tram run` or `tram resume` to its end.
//
//   RUN/job.yaml        the resolved job graph
//   RUN/inputs.json     what the run began with: the same, and the hash of each file that it names
//   RUN/metrics.jsonl   every event (run_event.h)
//   RUN/ledger/         the rollout buffer (RocksDB)
//   RUN/checkpoints/    step-NNNNNN/: config.json, model.safetensors, tokenizer.json, optimizer.bin
//   RUN/warm_start/     the same, of the warm start
//   RUN/log.jsonl       the structured log
//   RUN/exits.jsonl     how each actor's life ended
//   RUN/actors.json     what each actor does now, or did last (actors_file.h)
//   RUN/spans.jsonl     who waited for what, and when some rollouts were written (spans_file.h)
//   RUN/audits.jsonl    of audited rollouts, what the trainer saw of each token (audits_file.h)
//   RUN/workers/        what each worker printed and logged (with Isolation::process)
//   RUN/alarm_command.log  what the command of `alarms` printed
//   RUN/report.html     written at the end, and by `tram report`
//   RUN/lock            held while a process works on the run
//   RUN/set_aside/      checkpoints that `tram resume --repair` could not use

#include "actors/job/job.h"
#include "runtime/node/faults.h"
#include "runtime/node/graph.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class System;
class WorkerHost;

enum class View { automatic, plain, json };

struct RunOptions {
  std::string folder;  // empty: runs/NAME-DATE-TIME below the current folder
  View view = View::automatic;
  bool repair = false;          // resume: where the ledger is damaged, go on from before that
  bool accept_changes = false;  // resume: go on although inputs are not what the run began with
  Isolation isolation = Isolation::thread;
  std::vector<FaultRule> faults = {};  // to be caused in workers (runtime/node/faults.h)
  // HOST:PORT of a dashboard for as long as the run goes on; empty: none.
  std::string http = {};
  bool http_stay = false;        // … and after that, until it is interrupted
  bool trusted_network = false;  // where others can reach it in clear, too
  bool overcommit = false;       // start although the memory planned is more than there is
  std::vector<RewardKind> reward_kinds = built_in_rewards();  // for resume_run()
  // Where workers run; nothing: as processes of this machine.
  std::function<std::unique_ptr<WorkerHost>(System&)> make_host = {};
};

// Starts a job in a new directory; an existing one is Error(bad_input). Returns the exit status.
int start_run(const Job& job, const RunOptions& options);

// Goes on with a run where its newest checkpoint and its ledger stand. Error(corrupt) if the ledger
// is damaged (open_ledger.h).
int resume_run(const std::string& folder, const RunOptions& options);

}  // namespace tramontane
