#include "actors/run/open_ledger.h"

#include "actors/ledger/ledger.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/checkpoint.h"
#include "storage/file.h"

#include <algorithm>
#include <optional>

namespace tramontane {
namespace {

constexpr const char* remedy =
    "; put the files back as they were, or `tram resume --repair` goes on from before the damage";

class LedgerOpening {
 public:
  LedgerOpening(const RunFiles& files, std::uint64_t newest_step)
      : files_(files), folder_(files.path("ledger")) {
    auto disk = system_files();
    CheckpointStore store(*disk, files.path("checkpoints"), {});
    checkpoints_ = store.list();
    recorded_ = newest_step;
    for (const auto& info : checkpoints_)
      if (info.valid()) recorded_ = std::max(recorded_, info.version);
  }

  OpenedLedger open() {
    OpenedLedger opened;
    std::string problem;
    try {
      opened.store = open_rocksdb(folder_, {});
      problem = behind(progress_of(*opened.store));
      if (problem.empty()) return opened;
    } catch (const Error& error) {
      if (error.errc() != Errc::corrupt) throw;
      problem = error.text();
      if (auto steps = lost_steps(); !steps.empty()) problem += "; " + steps;
    }
    throw Error(Errc::corrupt, problem + remedy);
  }

  OpenedLedger repair() {
    OpenedLedger opened;
    try {
      opened = open();
      return opened;
    } catch (const Error& error) {
      if (error.errc() != Errc::corrupt) throw;
      std::string text = error.text();
      opened.alarms.push_back(text.substr(0, text.rfind(remedy)));
    }
    LedgerProgress progress;
    try {
      progress = progress_of(
          *open_rocksdb(folder_, {.read_only = true, .recovery = LogRecovery::read_past}));
    } catch (const Error& error) {
      if (error.errc() != Errc::not_found) throw;
    }
    check_beginning(progress);
    opened.store = open_rocksdb(folder_, {.recovery = LogRecovery::cut});
    if (system_files()->exists(folder_ + "/damaged"))
      opened.alarms.push_back(folder_ + "/damaged keeps the logs as they were");
    set_aside(progress.sealed, opened.alarms);
    return opened;
  }

 private:
  // What the ledger must have and has not.
  std::string behind(const LedgerProgress& progress) const {
    if (recorded_ <= progress.sealed) return {};
    return str(folder_, " has the batches of ", progress.sealed,
        " steps only: it is damaged, or a part of it is gone; ", steps_text(progress.sealed));
  }

  std::string steps_text(std::uint64_t sealed) const {
    return str("the ", recorded_ - sealed, " steps ", sealed + 1, " to ", recorded_,
        ", which metrics.jsonl or a checkpoint tells of, are lost");
  }

  std::string lost_steps() const {
    try {
      auto progress = progress_of(
          *open_rocksdb(folder_, {.read_only = true, .recovery = LogRecovery::read_past}));
      if (recorded_ <= progress.sealed) return "no step that was recorded is lost";
      return steps_text(progress.sealed);
    } catch (const Error&) {
      return {};  // nothing of it can be read: what is damaged is told already
    }
  }

  // Is there a version to go on from?
  void check_beginning(const LedgerProgress& progress) const {
    std::optional<std::uint64_t> newer;
    for (const auto& info : checkpoints_) {
      if (!info.valid()) continue;
      if (info.version <= progress.sealed && info.version >= progress.oldest) return;
      if (info.version > progress.sealed) newer = newer.value_or(info.version);
    }
    if (progress.oldest == 0 || !newer) return;
    throw Error(Errc::corrupt,
        str(folder_, " reaches to version ", progress.sealed,
            " now, and no whole checkpoint is as old as that; nothing was changed. Begin a new "
            "run from a checkpoint that is there (model.path: ",
            files_.path("checkpoints"), "/…, version ", *newer, ")"));
  }

  // Checkpoints of versions that the ledger knows nothing of any more.
  void set_aside(std::uint64_t sealed, std::vector<std::string>& alarms) const {
    auto disk = system_files();
    std::string aside = files_.path("set_aside");
    for (const auto& info : checkpoints_) {
      if (info.version <= sealed) continue;
      std::string target = aside + info.folder.substr(info.folder.rfind('/'));
      disk->make_folder(aside);
      disk->remove(target);
      disk->rename(info.folder, target);
      alarms.push_back(str("the checkpoint of version ", info.version,
          " is of steps that the ledger has lost: it is kept as ", target));
    }
  }

  const RunFiles& files_;
  std::string folder_;
  std::vector<CheckpointInfo> checkpoints_;
  std::uint64_t recorded_ = 0;
};

}  // namespace

OpenedLedger open_ledger(const RunFiles& files, std::uint64_t newest_step, Repair repair) {
  LedgerOpening opening(files, newest_step);
  return repair == Repair::yes ? opening.repair() : opening.open();
}

}  // namespace tramontane
