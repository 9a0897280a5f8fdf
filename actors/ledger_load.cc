#include "actors/ledger_load.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/kv_store.h"

#include <algorithm>

namespace tramontane {
namespace {

// The value under the key, decoded; or the damage.
template <class Value, class Decode>
bool load(const KvStore& store, GroupId group, const std::string& key, const Decode& decode,
    Value& into, std::optional<Damage>& damage) {
  std::optional<std::string> value;
  try {
    value = store.get(key);
    if (!value) {
      damage = {group, key, {}, ledger_key::describe(key) + " is missing"};
      return false;
    }
    into = decode(key, *value);
    return true;
  } catch (const Error& error) {
    if (error.errc() != Errc::corrupt) throw;
    damage = {group, key, value.value_or(""), error.text()};
    return false;
  }
}

}  // namespace

LoadedGroups load_groups(const KvStore& store, const BatchRecord& batch, std::uint32_t group_size) {
  LoadedGroups loaded;
  loaded.groups.reserve(batch.kept.size());
  for (const auto& kept : batch.kept) {
    Group group{kept.id, kept.prompt, {}};
    group.rollouts.reserve(group_size);
    for (std::uint32_t sample = 0; sample < group_size; ++sample) {
      if (std::find(kept.masked.begin(), kept.masked.end(), sample) != kept.masked.end()) continue;
      auto& judged = group.rollouts.emplace_back();
      if (!load(store, kept.id, ledger_key::rollout(kept.id, sample), decode_rollout,
              judged.rollout, loaded.damage) ||
          !load(store, kept.id, ledger_key::verdict(kept.id, sample), decode_verdict,
              judged.verdict, loaded.damage)) {
        return loaded;
      }
    }
    loaded.groups.push_back(std::move(group));
  }
  return loaded;
}

}  // namespace tramontane
