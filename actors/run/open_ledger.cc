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

constexpr const char* put_back = "; put the files back as they were";
constexpr const char* or_repair = ", or `tram resume --repair` goes on from before the damage";
constexpr const char* steps_lost = ", which metrics.jsonl or a checkpoint tells of, are lost";

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
    try {
      opened.store = open_rocksdb(folder_, {});
      problem_ = behind(progress_of(*opened.store));
      if (problem_.empty()) return opened;
    } catch (const Error& error) {
      if (error.errc() == Errc::unsupported)
        throw Error(error.errc(), folder_ + ": " + error.text());
      if (error.errc() != Errc::corrupt) throw;
      problem_ = error.text();
    }
    opened.store.reset();
    readable_ = read_past_damage();
    if (readable_ && problem_.find(steps_lost) == std::string::npos)
      problem_ += "; " + steps_text(readable_->sealed);
    throw Error(Errc::corrupt, problem_ + put_back + (readable_ ? or_repair : ""));
  }

  OpenedLedger repair() {
    OpenedLedger opened;
    try {
      opened = open();
      return opened;
    } catch (const Error& error) {
      if (error.errc() != Errc::corrupt || !readable_) throw;
    }
    opened.alarms.push_back(problem_);
    auto progress = *readable_;
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
    if (recorded_ <= sealed) return "no step that was recorded is lost";
    return str("the ", recorded_ - sealed, " steps ", sealed + 1, " to ", recorded_, steps_lost);
  }

  // How far the ledger reaches without what is damaged; nothing if that does not help.
  std::optional<LedgerProgress> read_past_damage() const {
    try {
      return progress_of(
          *open_rocksdb(folder_, {.read_only = true, .recovery = LogRecovery::read_past}));
    } catch (const Error&) {
      return std::nullopt;
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
  std::string problem_;
  std::optional<LedgerProgress> readable_;
};

}  // namespace

OpenedLedger open_ledger(const RunFiles& files, std::uint64_t newest_step, Repair repair) {
  LedgerOpening opening(files, newest_step);
  return repair == Repair::yes ? opening.repair() : opening.open();
}

}  // namespace tramontane
