#pragma once
// Reading a sealed batch back from the store: for the Ledger and for the LedgerReader.

#include "actors/ledger/format.h"

#include <optional>
#include <string>
#include <vector>

namespace tramontane {

class KvStore;

// A record that is missing or does not decode.
struct Damage {
  GroupId group = 0;
  std::string key;
  std::string value;  // empty if it is missing
  std::string why;
};

struct LoadedGroups {
  std::vector<Group> groups;
  std::optional<Damage> damage;  // the first that was found; `groups` ends before it
};

// The kept groups of a batch. Throws only what the store throws.
LoadedGroups load_groups(const KvStore& store, const BatchRecord& batch, std::uint32_t group_size);

}  // namespace tramontane
