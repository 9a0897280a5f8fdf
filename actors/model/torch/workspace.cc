#include "actors/model/torch/workspace.h"

#include <algorithm>
#include <new>

namespace tramontane {

namespace {

constexpr std::int64_t line_floats = 16;            // 64 bytes
constexpr std::int64_t piece_floats_min = 1 << 18;  // 1 MiB

// Memory is had in multiples of its alignment.
std::int64_t whole_lines(std::int64_t count) {
  return (count + line_floats - 1) / line_floats * line_floats;
}

}  // namespace

Workspace::Piece Workspace::piece_of(std::int64_t count) {
  Piece piece;
  piece.size = whole_lines(std::max(count, piece_floats_min));
  piece.data.reset(static_cast<float*>(
      std::aligned_alloc(64, static_cast<std::size_t>(piece.size) * sizeof(float))));
  if (piece.data == nullptr) throw std::bad_alloc();
  return piece;
}

float* Workspace::floats(std::int64_t count) {
  count = whole_lines(count);
  if (pieces_.empty() || pieces_.back().size - pieces_.back().used < count)
    pieces_.push_back(piece_of(count));
  pieces_max_ = std::max(pieces_max_, pieces_.size());
  Piece& piece = pieces_.back();
  float* result = piece.data.get() + piece.used;
  piece.used += count;
  return result;
}

void Workspace::reset(std::int64_t count) {
  if (pieces_.size() != 1 || pieces_.front().size < count) {
    pieces_.clear();  // the old before the new: never both in memory
    pieces_.push_back(piece_of(count));
  }
  pieces_.front().used = 0;
  pieces_max_ = 1;
}

Workspace::Mark Workspace::mark() const {
  return pieces_.empty() ? Mark{} : Mark{pieces_.size(), pieces_.back().used};
}

void Workspace::release(Mark mark) {
  pieces_.resize(mark.pieces);
  if (!pieces_.empty()) pieces_.back().used = mark.used;
}

}  // namespace tramontane
