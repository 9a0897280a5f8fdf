#include "actors/model/torch/workspace.h"

#include <algorithm>
#include <new>

namespace tramontane {

namespace {

constexpr std::int64_t line_floats = 16;            // 64 bytes
constexpr std::int64_t piece_floats_min = 1 << 18;  // 1 MiB

}  // namespace

Workspace::Piece Workspace::piece_of(std::int64_t count) {
  Piece piece;
  piece.size = std::max(count, piece_floats_min);
  piece.data.reset(static_cast<float*>(
      std::aligned_alloc(64, static_cast<std::size_t>(piece.size) * sizeof(float))));
  if (piece.data == nullptr) throw std::bad_alloc();
  return piece;
}

float* Workspace::floats(std::int64_t count) {
  count = (count + line_floats - 1) / line_floats * line_floats;
  if (pieces_.empty() || pieces_.back().size - pieces_.back().used < count)
    pieces_.push_back(piece_of(count));
  Piece& piece = pieces_.back();
  float* result = piece.data.get() + piece.used;
  piece.used += count;
  return result;
}

void Workspace::reset() {
  if (pieces_.size() > 1) {
    std::int64_t total = 0;
    for (const Piece& piece : pieces_) total += piece.size;
    pieces_.clear();
    pieces_.push_back(piece_of(total));
  }
  if (!pieces_.empty()) pieces_.front().used = 0;
}

}  // namespace tramontane
