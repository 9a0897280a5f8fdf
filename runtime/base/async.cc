#include "runtime/base/async.h"

#include <array>
#include <cstddef>
#include <new>
#include <optional>
#include <pthread.h>
#include <type_traits>
#include <utility>

namespace tramontane::detail {
namespace {

// Frames of up to 2 KiB in steps of 128 bytes; of each kind a thread keeps at most 32, of the small
// ones, which messages take as well, as many as a full mailbox has. A frame may be freed by another
// thread than it came from: lists only bound what each thread keeps.
constexpr std::size_t step = 128;
constexpr std::size_t kinds = 16;
constexpr std::size_t small_kinds = 3;

constexpr std::size_t keep(std::size_t kind) {
  return kind < small_kinds ? 1024 : 32;
}

struct Free {
  Free* next;
};

// Has no destructor: glibc registers that of a thread's object when the thread first uses it, and
// where memory is refused just then, it aborts the program.
class FreeFrames {
 public:
  // At the end of its thread.
  void clear() noexcept {
    for (auto& list : lists_) {
      while (list.first != nullptr) ::operator delete(pop(list));
    }
    cleared_at_end_ = false;
  }

  bool cleared_at_end() noexcept { return std::exchange(cleared_at_end_, true); }

  void* take(std::size_t kind) {
    auto& list = lists_[kind];
    return list.first != nullptr ? pop(list) : ::operator new((kind + 1) * step);
  }

  void give(void* frame, std::size_t kind) noexcept {
    auto& list = lists_[kind];
    if (list.count == keep(kind)) {
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
  bool cleared_at_end_ = false;
};

static_assert(std::is_trivially_destructible_v<FreeFrames>);

void clear_at_end(FreeFrames& frames) noexcept {
  static const auto key = [] {
    std::optional<pthread_key_t> made(0);
    auto clear = [](void* of) { static_cast<FreeFrames*>(of)->clear(); };
    if (::pthread_key_create(&*made, clear) != 0) made.reset();
    return made;
  }();
  // Where that fails, what the thread keeps at its end is lost: some kilobytes.
  if (key) static_cast<void>(::pthread_setspecific(*key, &frames));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool recycle = false;  // so that the sanitizers see every use after the end of a frame
#else
constexpr bool recycle = true;
#endif

FreeFrames& free_frames() {
  thread_local constinit FreeFrames frames;
  if (!frames.cleared_at_end()) clear_at_end(frames);
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
