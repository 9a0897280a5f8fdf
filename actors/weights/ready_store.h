#pragma once
// The ReadyStore holds the versions of the weights that are ready to decode with in this process,
// packed once and shared by every generator, the evaluator and the audit.
//
//   ReadyStore store(config);
//   store.put(device->prepare(config, arena));
//   store.keep_from(3);                  // older ones go as soon as nobody decodes with them
//   auto weights = store.get(version);   // null if it is gone
//
// Any thread.

#include "actors/model/policy.h"

#include <map>
#include <memory>
#include <mutex>

namespace tramontane {

class ReadyStore {
 public:
  void put(std::shared_ptr<const ReadyWeights> weights);
  std::shared_ptr<const ReadyWeights> get(Version version) const;
  std::shared_ptr<const ReadyWeights> newest() const;

  // Lets go of versions below `oldest`.
  void keep_from(Version oldest);

 private:
  mutable std::mutex mutex_;
  std::map<Version, std::shared_ptr<const ReadyWeights>> versions_;
};

}  // namespace tramontane
