#include "actors/job/initial_weights.h"

#include "actors/model/hf_folder.h"

#include <utility>

namespace tramontane {

InitialWeights::InitialWeights(std::string folder, std::shared_ptr<const Arena> arena)
    : folder_(std::move(folder)), arena_(std::move(arena)) {}

std::shared_ptr<const Arena> InitialWeights::get() {
  std::lock_guard lock(mutex_);
  if (arena_ == nullptr) arena_ = load_hf_folder(folder_).arena;
  return arena_;
}

void InitialWeights::release() {
  std::lock_guard lock(mutex_);
  arena_.reset();
}

std::uint64_t InitialWeights::held() const {
  std::lock_guard lock(mutex_);
  return arena_ == nullptr ? 0 : arena_->bytes().size();
}

}  // namespace tramontane
