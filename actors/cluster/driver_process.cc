#include "actors/cluster/driver_process.h"

#include "actors/run/run.h"
#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"
#include "runtime/cli/cli.h"
#include "runtime/cluster/cluster_host.h"
#include "runtime/node/parent.h"
#include "runtime/node/worker.h"
#include "runtime/wire/blob.h"

#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

namespace tramontane {
namespace {

constexpr const char* driver_word = "serve-driver";

DriverSetup read_setup() {
  Blob blob = Blob::from_descriptor(Descriptor(worker_setup));
  auto setup = decode_driver_setup(blob.bytes());
  if (!setup) throw Error(Errc::bad_input, "a driver's setup that makes no sense");
  return std::move(*setup);
}

}  // namespace

bool is_driver(int argc, char** argv) {
  return argc == 3 && std::strcmp(argv[1], driver_word) == 0;
}

int serve_driver(const std::vector<RewardKind>& rewards) {
  try {
    die_with_parent();
    DriverSetup setup = read_setup();
    auto handover = std::make_shared<Descriptor>(worker_handover);
    auto node = std::make_shared<Descriptor>(worker_setup + 1);
    const std::string& folder = setup.start.folder;
    RunOptions options{.folder = folder,
        .view = View::plain,
        .isolation = Isolation::process,
        .overcommit = true,  // the head has counted
        .reward_kinds = rewards,
        .make_host = [setup, handover, node](System& system) -> std::unique_ptr<WorkerHost> {
          return std::make_unique<ClusterHost>(
              system, ClusterHost::Options{setup, std::move(*node), std::move(*handover)});
        }};
    // One that was killed before it had made its run begins anew.
    if (std::filesystem::exists(folder + "/job.yaml")) return resume_run(folder, options);
    // Names that are not whole paths are of files that were shipped with the job.
    Job job =
        parse_job("the job graph", setup.start.graph, folder + "/files", {}, {.rewards = rewards});
    return start_run(job, options);
  } catch (const Error& error) {
    print_error("tram", error.what());
    return static_cast<int>(exit_status(error.errc()));
  } catch (const std::exception& error) {
    print_error("tram", str("a driver cannot start: ", error.what()));
    return static_cast<int>(ExitStatus::bug);
  }
}

}  // namespace tramontane
