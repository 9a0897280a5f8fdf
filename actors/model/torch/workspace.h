#pragma once
// A Workspace hands out float buffers that all end together: the activations of one microbatch.
// After the first microbatches it allocates nothing.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace tramontane {

class Workspace {
 public:
  // 64-byte aligned, content undefined, valid until reset().
  float* floats(std::int64_t count);

  // Takes everything back; keeps the memory, as one piece.
  void reset();

 private:
  struct Free {
    void operator()(float* data) const { std::free(data); }
  };

  struct Piece {
    std::unique_ptr<float, Free> data;
    std::int64_t size = 0;
    std::int64_t used = 0;
  };

  static Piece piece_of(std::int64_t count);

  std::vector<Piece> pieces_;
};

}  // namespace tramontane
