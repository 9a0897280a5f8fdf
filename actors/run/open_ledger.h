#pragma once
// Opens a run's ledger, and holds it against what else the run's directory says that it had
// reached: metrics.jsonl and the checkpoints.
//
//   OpenedLedger opened = open_ledger(files, past.newest_step, Repair::no);
//   for (const auto& text : opened.alarms) …      // what was lost, if losing it was allowed

#include "actors/run/files.h"
#include "storage/kv_store.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

struct OpenedLedger {
  std::unique_ptr<KvStore> store;
  std::vector<std::string> alarms;
};

enum class Repair : std::uint8_t {
  no,
  yes,  // goes on from before the damage; what is damaged is kept aside
};

// `newest_step` is the last reinforcement step that metrics.jsonl tells of. Error(corrupt) naming
// what is damaged and the steps that are lost with it, having changed nothing; also with
// Repair::yes, if no checkpoint is old enough to go on from.
OpenedLedger open_ledger(const RunFiles& files, std::uint64_t newest_step, Repair repair);

}  // namespace tramontane
