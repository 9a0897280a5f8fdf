#pragma once
// The weights that a model's folder began with. They are read with the job, so that what is wrong
// with them is told before it starts, and let go once the trainer has its own copy: a run would
// else carry them to its end. Whoever asks again, as a trainer that failed before its first
// checkpoint, has them read again.
//
// Any thread.

#include "actors/model/arena.h"

#include <memory>
#include <mutex>
#include <string>

namespace tramontane {

class InitialWeights {
 public:
  InitialWeights(std::string folder, std::shared_ptr<const Arena> arena);

  // Throws as load_hf_folder() does where the folder is no longer what it was.
  std::shared_ptr<const Arena> get();

  void release();

  // Bytes held now.
  std::uint64_t held() const;

 private:
  const std::string folder_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Arena> arena_;
};

}  // namespace tramontane
