#include "runtime/base/async.h"

#include <array>
#include <cstddef>
#include <new>

namespace tramontane::detail {
namespace {

// Frames of up to 2 KiB in steps of 128 bytes, at most 32 of each kept per thread. A frame may be
// freed by another thread than it came from: lists only bound what each thread keeps.
constexpr std::size_t step = 128;
constexpr std::size_t kinds = 16;
constexpr std::size_t keep = 32;

struct Free {
  Free* next;
};

class FreeFrames {
 public:
  ~FreeFrames() {
    for (auto& list : lists_) {
      while (list.first != nullptr) ::operator delete(pop(list));
    }
  }

  void* take(std::size_t kind) {
    auto& list = lists_[kind];
    return list.first != nullptr ? pop(list) : ::operator new((kind + 1) * step);
  }

  void give(void* frame, std::size_t kind) noexcept {
    auto& list = lists_[kind];
    if (list.count == keep) {
      ::operator delete(frame);
      return;
    }
    list.first = new (frame) Free{list.first};
    ++list.count;
  }

 private:
  struct List {
    Free* first = nullptr;
    std::size_t count = 0;
  };

  static void* pop(List& list) noexcept {
    --list.count;
    return std::exchange(list.first, list.first->next);
  }

  std::array<List, kinds> lists_{};
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool recycle = false;  // so that the sanitizers see every use after the end of a frame
#else
constexpr bool recycle = true;
#endif

FreeFrames& free_frames() {
  thread_local FreeFrames frames;
  return frames;
}

}  // namespace

void* allocate_frame(std::size_t bytes) {
  std::size_t kind = (bytes - 1) / step;
  if (!recycle || kind >= kinds) return ::operator new(bytes);
  return free_frames().take(kind);
}

void free_frame(void* frame, std::size_t bytes) noexcept {
  std::size_t kind = (bytes - 1) / step;
  if (!recycle || kind >= kinds) {
    ::operator delete(frame);
  } else {
    free_frames().give(frame, kind);
  }
}

}  // namespace tramontane::detail
