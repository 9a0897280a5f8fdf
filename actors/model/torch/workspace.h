#pragma once
// A Workspace hands out float buffers that all end together: the activations of one microbatch.
// Told what is to come, it allocates once.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace tramontane {

class Workspace {
 public:
  // 64-byte aligned, content undefined, valid until reset().
  float* floats(std::int64_t count);

  // How much was handed out. release() takes back what was since.
  struct Mark {
    std::size_t pieces = 0;
    std::int64_t used = 0;
  };

  Mark mark() const;
  void release(Mark mark);

  // Takes everything back, and has one piece of at least so many floats for what comes.
  void reset(std::int64_t count);

  // 1, unless more was taken since than reset() was told.
  std::size_t pieces() const { return pieces_max_; }

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
  std::size_t pieces_max_ = 0;
};

}  // namespace tramontane
