#include "actors/ledger/load.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/kv_store.h"

#include <string_view>
#include <utility>

namespace tramontane {
namespace {

// One pass over a group's records, which lie side by side.
class GroupLoad {
 public:
  GroupLoad(const BatchRecord::Kept& kept, std::uint32_t group_size)
      : kept_(kept), judged_(group_size), found_(group_size) {
    for (auto sample : kept.masked) {
      if (sample < group_size) found_[sample].masked = true;
    }
  }

  // False once something is damaged.
  bool take(std::string_view key, std::string_view value) {
    auto parts = ledger_key::parse(key);
    if (parts.sample >= judged_.size() || found_[parts.sample].masked) return true;
    try {
      if (parts.kind == 'r') {
        judged_[parts.sample].rollout = decode_rollout(key, value);
        found_[parts.sample].rollout = true;
      } else if (parts.kind == 'v') {
        judged_[parts.sample].verdict = decode_verdict(key, value);
        found_[parts.sample].verdict = true;
      }
    } catch (const Error& error) {
      damage_ = {kept_.id, std::string(key), std::string(value), error.text()};
    }
    return !damage_.has_value();
  }

  // The group, or what is damaged or missing.
  std::optional<Damage> finish(Group& into) {
    into.id = kept_.id;
    into.prompt = kept_.prompt;
    into.rollouts.reserve(judged_.size());
    for (std::uint32_t sample = 0; sample < judged_.size() && !damage_; ++sample) {
      const auto& found = found_[sample];
      if (found.masked) continue;
      if (!found.rollout) {
        miss(ledger_key::rollout(kept_.id, sample));
      } else if (!found.verdict) {
        miss(ledger_key::verdict(kept_.id, sample));
      }
      into.rollouts.push_back(std::move(judged_[sample]));
    }
    return damage_;
  }

 private:
  struct Found {
    bool masked = false;
    bool rollout = false;
    bool verdict = false;
  };

  void miss(const std::string& key) {
    damage_ = {kept_.id, key, {}, ledger_key::describe(key) + " is missing"};
  }

  const BatchRecord::Kept& kept_;
  std::vector<JudgedRollout> judged_;
  std::vector<Found> found_;
  std::optional<Damage> damage_;
};

}  // namespace

LoadedGroups load_groups(const KvStore& store, const BatchRecord& batch, std::uint32_t group_size) {
  LoadedGroups loaded;
  loaded.groups.reserve(batch.kept.size());
  for (const auto& kept : batch.kept) {
    GroupLoad load(kept, group_size);
    store.scan(ledger_key::group(kept.id),
        [&](std::string_view key, std::string_view value) { return load.take(key, value); });
    Group group;
    loaded.damage = load.finish(group);
    if (loaded.damage) return loaded;
    loaded.groups.push_back(std::move(group));
  }
  return loaded;
}

}  // namespace tramontane
