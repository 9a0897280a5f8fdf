#pragma once
// Pieces are bytes that lie in several places and read end to end as one file has them. Some are
// owned, others borrowed from whom outlives this: what is written is not copied for it.
//
//   Pieces file(std::move(header));
//   file.borrow(trainer.parameters());
//   files.write(path, file.views());
//
// A value that is moved, never copied; one thread at a time.

#include "runtime/base/bytes.h"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace tramontane {

class Pieces {
 public:
  Pieces() = default;

  explicit Pieces(Bytes owned) { own(std::move(owned)); }

  Pieces(Pieces&&) noexcept = default;
  Pieces& operator=(Pieces&&) noexcept = default;
  Pieces(const Pieces&) = delete;
  Pieces& operator=(const Pieces&) = delete;

  void own(Bytes bytes) {
    owned_.push_back(std::move(bytes));
    views_.emplace_back(owned_.back());
  }

  void borrow(ByteView bytes) { views_.push_back(bytes); }

  // In order. Valid as long as this and what was borrowed are; those owned stay where they are when
  // this is moved.
  std::span<const ByteView> views() const { return views_; }

  std::uint64_t size() const;

  Bytes joined() const;

 private:
  std::vector<Bytes> owned_;  // whose own memory does not move with them
  std::vector<ByteView> views_;
};

}  // namespace tramontane
